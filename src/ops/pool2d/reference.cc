#include "ops/pool2d/pool2d.h"

namespace thimble::reference {

void pool2d(const RefCall& call) {
  const auto& p = call.plan<thimble_pool2d>();
  const TensorView &x = call.in[0], &y = call.out[0];
  const bool mean = call.node.op == Op::average_pool;
  if (x.type == DType::f32) return thimble_pool2d_floats(&p, x.as<float>(), y.as<float>(), mean);
  thimble_pool2d_bytes(&p, x.as<int8_t>(), y.as<int8_t>(), mean, x.type == DType::u8 ? 0x80 : 0);
}

}  // namespace thimble::reference
