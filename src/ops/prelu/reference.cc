#include "ops/number_types.h"
#include "ops/prelu/prelu.h"

namespace thimble::reference {

void prelu(const RefCall& call) {
  const auto& p = call.plan<thimble_prelu>();
  const TensorView &x = call.in[0], &alpha = call.in[1], &y = call.out[0];
  if (x.type == DType::f32) return thimble_prelu_f32(&p, x.as<float>(), alpha.as<float>(), y.as<float>());
  if (x.type == DType::i16)
    return each_pair(p.broadcast, x.as<int16_t>(), alpha.as<int8_t>(), y.as<int16_t>(),
                     [&](int16_t v, int8_t slope) { return static_cast<int16_t>(thimble_prelu_value(&p, v, slope)); });
  thimble_prelu_bytes(&p, x.as<int8_t>(), alpha.as<int8_t>(), y.as<int8_t>(), x.type == DType::u8 ? 0x80 : 0);
}

void prelu_grad(const RefCall& call) {
  const float *x = call.in[0].as<float>(), *alpha = call.in[1].as<float>(), *dy = call.in[2].as<float>();
  float* dx = call.out[0].as<float>();
  const Shape& shape = call.in[0].shape;
  if (shape.elements() == 0) return;
  const Broadcast plan = plan_broadcast(shape, call.in[1].shape, shape);
  int64_t at = 0;
  for (int64_t o = 0; o < plan.outer; ++o) {
    const int64_t first = plan.at(o).b;
    for (int64_t i = 0; i < plan.inner; ++i, ++at)
      dx[at] = x[at] > 0 ? dy[at] : alpha[first + i * plan.b_step] * dy[at];
  }
}

}  // namespace thimble::reference
