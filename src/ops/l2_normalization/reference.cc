#include <algorithm>
#include <cmath>

#include "ops/fixed_function.h"
#include "ops/l2_normalization/l2_normalization.h"

namespace thimble::reference {
namespace {

template <class T>
void bytes(const thimble_l2_normalization& p, const T* x, T* y) {
  constexpr bool kSigned = std::is_signed_v<T>;
  for (int64_t r = 0; r < p.rows; ++r, x += p.n, y += p.n) {
    int32_t square = 0;
    for (int64_t i = 0; i < p.n; ++i) square += (x[i] - p.zero) * (x[i] - p.zero);
    const fixed::Multiplier root = fixed::inverse_root(square);
    for (int64_t i = 0; i < p.n; ++i) {
      const int32_t v = x[i] - p.zero;
      const int32_t q = kSigned ? thimble_rescale(v, root.multiplier, root.shift + 7)
                                : 128 + thimble_rescale(128 * v, root.multiplier, root.shift);
      y[i] = static_cast<T>(std::clamp<int32_t>(q, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    }
  }
}

}  // namespace

void l2_normalization(const RefCall& call) {
  const auto& p = call.plan<thimble_l2_normalization>();
  const TensorView &xv = call.in[0], &yv = call.out[0];
  if (xv.type == DType::i8) return bytes(p, xv.as<int8_t>(), yv.as<int8_t>());
  if (xv.type == DType::u8) return bytes(p, xv.as<uint8_t>(), yv.as<uint8_t>());
  const float* x = xv.as<float>();
  float* y = yv.as<float>();
  for (int64_t r = 0; r < p.rows; ++r, x += p.n, y += p.n) {
    double square = 0;
    for (int64_t i = 0; i < p.n; ++i) square += static_cast<double>(x[i]) * x[i];
    const float length = std::max(static_cast<float>(std::sqrt(square)), 1e-6f);
    for (int64_t i = 0; i < p.n; ++i) y[i] = x[i] / length;
  }
}

}  // namespace thimble::reference
