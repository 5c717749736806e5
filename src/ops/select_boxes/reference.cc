#include "ops/select_boxes/select_boxes.h"

namespace thimble::reference {

void select_boxes(const RefCall& call) {
  const auto& p = call.plan<thimble_select_boxes>();
  const BoxLimits limits{call.in[2].as<int64_t>()[0], call.in[3].as<float>()[0], call.in[4].as<float>()[0]};
  const int64_t rows = call.out[0].shape[0];
  const int64_t taken = thimble::select_boxes(p, call.in[0].as<float>(), call.in[1].as<float>(), limits,
                                              static_cast<int32_t*>(call.scratch), call.out[0].as<int64_t>(), rows);
  if (taken != rows && call.fault) call.fault->wrong("other boxes are taken than when the shapes were found");
}

}  // namespace thimble::reference
