// Functions of two operands of one type without activation and scales: pow, floor_div, floor_mod (with broadcasting)
// and atan2(y, x) (of one shape).
//   pow        float32, float64, int32, int64
//   floor_div  float32, int8, int16, int32: ⌊a / b⌋, the quotient formed in double precision
//   floor_mod  float32, float64, int8, int16, int32, int64, uint64: the remainder with the sign of b; floats by fmod
//   atan2      float32, float64
// float32 pow and atan2: the value in double precision, rounded; NaN and infinities as in <cmath>. Integers: powers
// wrap; −2^31 / −1 saturates, its remainder is 0. Where LiteRT ends with an error: a constant divisor that holds a 0
// (floats: floor_div's) and a constant int32 exponent that holds a negative number are refused; of computed ones x / 0
// and x mod 0 are 0 in integers, and a negative power is the real one toward zero (0 of 0). 8 and 16 bits are raw
// integers: LiteRT does not look at their scales, so operands with scales are refused. Source: TensorFlow Lite POW,
// FLOOR_DIV, FLOOR_MOD, ATAN2 (reference kernels).
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

#include "ops/broadcast.h"
#include "ops/op.h"

struct thimble_arithmetic {
  thimble_broadcast broadcast;
};

namespace thimble {

template <class T>
T floor_quotient(T a, T b) {
  if constexpr (std::is_integral_v<T>)
    if (b == 0) return 0;
  const double q = std::floor(static_cast<double>(a) / static_cast<double>(b));
  if constexpr (std::is_integral_v<T>)
    if (q > static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
  return static_cast<T>(q);
}

template <class T>
T floor_remainder(T a, T b) {
  if constexpr (std::is_unsigned_v<T>) {
    return b == 0 ? T{0} : static_cast<T>(a % b);
  } else {
    T r;
    if constexpr (std::is_integral_v<T>) {
      if (b == 0 || b == -1) return 0;
      r = static_cast<T>(a % b);
    } else {
      r = std::fmod(a, b);
    }
    return r != 0 && (b < 0) != (r < 0) ? static_cast<T>(r + b) : r;
  }
}

template <class T>
T power(T a, T b) {
  using U = std::make_unsigned_t<T>;
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : 0;
  U result = 1, square = static_cast<U>(a);
  for (auto left = static_cast<U>(b); left != 0; left >>= 1, square *= square)
    if (left & 1) result *= square;
  return static_cast<T>(result);
}

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_arithmetic& p) { fields(v, "broadcast", p.broadcast); }
