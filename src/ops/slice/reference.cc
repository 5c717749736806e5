#include <algorithm>

#include "ops/op.h"
#include "ops/slice/slice.h"

namespace thimble::reference {

// Serves slice and strided_slice.
void slice(const RefCall& call) {
  const TensorView& x = call.in[0];
  std::array<IntList, 3> lists;
  for (size_t i = 1; i < call.in.size(); ++i)
    lists[i - 1] = IntList(call.in[i].type, call.in[i].data, call.in[i].shape.elements());
  const auto box = slice_box(call.node, x.shape, lists);
  if (!box) return;  // refused by infer before
  plan_slice(*box, x.shape, bits(x.type) / 8, false).copy(x.as<uint8_t>(), call.out[0].as<uint8_t>());
}

void slice_grad(const RefCall& call) {
  const TensorView& dx = call.out[0];
  std::fill_n(dx.as<float>(), dx.shape.elements(), 0.0f);
  const SliceBox box = slice_box(call.node.attrs.as<SliceGradAttrs>());
  plan_slice(box, dx.shape, 4, true).copy(call.in[0].as<uint8_t>(), dx.as<uint8_t>());
}

}  // namespace thimble::reference
