#include "ops/dropout/dropout.h"
#include "ops/op.h"

namespace thimble::reference {

void dropout(const RefCall& call) {
  const int64_t step = call.in[1].type == DType::i64 ? *call.in[1].as<int64_t>() : *call.in[1].as<int32_t>();
  const DropoutMask mask(call.node.attrs.as<DropoutAttrs>(), step);
  mask.apply(call.in[0].as<float>(), call.out[0].as<float>(), 0, call.in[0].shape.elements());
}

}  // namespace thimble::reference
