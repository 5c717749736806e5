#include "ops/op.h"
#include "ops/pad/pad.h"

namespace thimble::reference {

void pad(const RefCall& call) {
  const TensorView &x = call.in[0], &y = call.out[0];
  const int64_t width = bits(x.type) / 8;
  const auto zero = pad_zero(y.type, *y.quant);
  const auto before = pad_before(call.in[1].type, call.in[1].data, x.shape.rank());
  fill_elements(y.as<uint8_t>(), y.shape.elements(), width, call.has(2) ? call.in[2].as<uint8_t>() : zero.data());
  plan_pad(x.shape, y.shape, before, width).copy(x.as<uint8_t>(), y.as<uint8_t>());
}

}  // namespace thimble::reference
