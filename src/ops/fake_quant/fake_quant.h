// fake_quant(x): x rounded to the values that an unsigned integer of `bits` bits over [min, max] has, in float32.
// min ≤ 0 ≤ max, min < max, 2 to 16 bits. The scale is (max − min) / (2^bits − 1); both ends move so that 0 is one of
// the values; y = round((clamp(x) − low) / scale) · scale + low, halves away from zero, 1 / scale being rounded first.
// NaN gives the lowest value. Source: TensorFlow Lite FAKE_QUANT (which refuses narrow_range, as is done here). Files
// have it from quantisation-aware training elsewhere; that of Thimble has fake_quantize (ops/fake_quantize).
#pragma once

#include <algorithm>
#include <cmath>

#include "ops/op.h"

struct thimble_fake_quant {
  thimble_dim n;
  float low, high, scale, inverse;
};

namespace thimble {

struct FakeQuantAttrs {
  float min = 0, max = 0;
  int bits = 8;
  template <class V>
  void fields(V& v) {
    v("min", min);
    v("max", max);
    v("bits", bits);
  }
};

inline float fake_quantized(const thimble_fake_quant& p, float x) {
  const float clamped = std::min(p.high, std::max(p.low, x));
  const float product = std::round((clamped - p.low) * p.inverse) * p.scale;
  return product + p.low;
}

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_fake_quant& p) {
  v.number("elements", p.n);
  v.real("low", p.low);
  v.real("high", p.high);
  v.real("scale", p.scale);
  v.real("1 / scale", p.inverse);
}
