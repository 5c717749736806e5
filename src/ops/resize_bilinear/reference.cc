#include <algorithm>

#include "ops/resize_bilinear/resize_bilinear.h"

namespace thimble::reference {

void resize_bilinear(const RefCall& call) {
  const auto& p = call.plan<thimble_resize>();
  const TensorView &x = call.in[0], &y = call.out[0];
  switch (x.type) {
    case DType::i8: return thimble_resize_bilinear_s8(&p, x.as<int8_t>(), y.as<int8_t>());
    case DType::u8: return thimble_resize_bilinear_u8(&p, x.as<uint8_t>(), y.as<uint8_t>());
    case DType::i16: return thimble_resize_bilinear_s16(&p, x.as<int16_t>(), y.as<int16_t>());
    default: return thimble_resize_bilinear_f32(&p, x.as<float>(), y.as<float>());
  }
}

void resize_bilinear_grad(const RefCall& call) {
  const auto& p = call.plan<thimble_resize>();
  const float* dy = call.in[0].as<float>();
  float* dx = call.out[0].as<float>();
  std::fill_n(dx, call.out[0].shape.elements(), 0.0f);
  for (thimble_dim b = 0; b < p.batch; ++b, dx += p.h.in * p.w.in * p.channels)
    for (thimble_dim i = 0; i < p.h.out; ++i)
      for (thimble_dim j = 0; j < p.w.out; ++j, dy += p.channels) {
        const float fy = p.h.part[i], fx = p.w.part[j];
        const auto add = [&](thimble_dim row, thimble_dim column, float share) {
          for (thimble_dim c = 0; c < p.channels; ++c) dx[(row * p.w.in + column) * p.channels + c] += dy[c] * share;
        };
        add(p.h.below[i], p.w.below[j], (1 - fy) * (1 - fx));
        add(p.h.above[i], p.w.below[j], fy * (1 - fx));
        add(p.h.below[i], p.w.above[j], (1 - fy) * fx);
        add(p.h.above[i], p.w.above[j], fy * fx);
      }
}

}  // namespace thimble::reference
