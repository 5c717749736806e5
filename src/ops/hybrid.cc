#include "ops/hybrid.h"

#include <algorithm>
#include <cmath>

namespace thimble {

float quantize_symmetric(const float* x, int64_t n, int8_t* q) {
  float range = 0;
  for (int64_t i = 0; i < n; ++i) range = std::max(range, std::fabs(x[i]));
  if (range == 0) {
    std::fill(q, q + n, int8_t{0});
    return 1;
  }
  const float inverse = 127 / range;
  for (int64_t i = 0; i < n; ++i) {
    const float rounded = std::round(x[i] * inverse);
    q[i] = static_cast<int8_t>(rounded >= 127 ? 127 : rounded <= -127 ? -127 : rounded == rounded ? rounded : 0);
  }
  return range / 127;
}

AsymmetricScale asymmetric_scale(float lo, float hi) {
  if (lo == hi) return {};
  constexpr double q_min = -128, q_max = 127;
  // The difference is taken in float32, as LiteRT's vector form does; what follows in double.
  const double step = static_cast<double>(hi - lo) / (q_max - q_min);
  // Of the two candidates for the zero point, the one with the smaller rounding error at its end.
  const double from_lo = q_min - lo / step, from_hi = q_max - hi / step;
  const double error_lo = std::fabs(q_min) + std::fabs(lo / step), error_hi = std::fabs(q_max) + std::fabs(hi / step);
  const double zero = error_lo < error_hi ? from_lo : from_hi;  // not a number where the range is infinite
  return {static_cast<float>(step), zero <= q_min ? -128 : zero < q_max ? static_cast<int32_t>(std::round(zero)) : 127};
}

void quantize_asymmetric(const float* x, int64_t n, int8_t* q, float* scale, int32_t* zero_point) {
  float lo = 0, hi = 0;
  for (int64_t i = 0; i < n; ++i) {
    lo = std::min(lo, x[i]);
    hi = std::max(hi, x[i]);
  }
  const AsymmetricScale s = asymmetric_scale(lo, hi);
  *scale = s.scale;
  *zero_point = s.zero_point;
  if (lo == hi) {
    std::fill(q, q + n, int8_t{0});
    return;
  }
  const float inverse = 1.0f / s.scale;
  for (int64_t i = 0; i < n; ++i) {
    const float v = std::round(x[i] * inverse) + static_cast<float>(s.zero_point);
    q[i] = static_cast<int8_t>(v >= 127 ? 127 : v <= -128 ? -128 : v == v ? v : -128);
  }
}

}  // namespace thimble
