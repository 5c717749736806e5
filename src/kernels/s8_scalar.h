// Scalar definitions of the int8 primitives, included by the bodies of every
// instruction set (whole bodies in the scalar table, tails and rare cases
// elsewhere). Everything here has internal linkage on purpose: each unit must
// keep the copy that was compiled with its own flags, or the linker could
// choose an AVX-512 copy for the scalar path.
#pragma once

#include <cstdint>

#include "kernels/gemm_s8.h"

namespace thimble {
namespace {

// Two's complement arithmetic without undefined overflow.
[[maybe_unused]] inline int32_t wrap_add(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}
[[maybe_unused]] inline int32_t wrap_sub(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
}
[[maybe_unused]] inline int32_t wrap_mul(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b));
}

// gemmlowp's MultiplyByQuantizedMultiplier with double rounding. Its first step
// divides a·b + (a·b >= 0 ? 2^30 : 1 − 2^30) by 2^31, truncating; for both
// signs that is the arithmetic shift (a·b + 2^30) >> 31. The quotient leaves
// int32 only for INT_MIN · INT_MIN, which saturates. |shift| <= 31.
[[maybe_unused]] inline int32_t requantise(int32_t acc, int32_t multiplier, int32_t shift) {
  const int left = shift > 0 ? shift : 0;
  const int right = shift > 0 ? 0 : -shift;
  const int32_t a = static_cast<int32_t>(static_cast<uint32_t>(acc) << left);
  const int64_t high = (static_cast<int64_t>(a) * multiplier + (int64_t{1} << 30)) >> 31;
  const int32_t x = high > INT32_MAX ? INT32_MAX : static_cast<int32_t>(high);
  const int32_t mask = static_cast<int32_t>((int64_t{1} << right) - 1);
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> right) + ((x & mask) > threshold ? 1 : 0);
}

// acc -> the byte to store, for column j.
[[maybe_unused]] inline uint8_t requantise_byte(int32_t acc, const RequantArgs& r, int64_t j) {
  const int32_t v = wrap_add(requantise(acc, r.multiplier[j], r.shift[j]), r.zero_point);
  const int32_t q = v < r.lo ? r.lo : v > r.hi ? r.hi : v;
  return static_cast<uint8_t>(static_cast<uint8_t>(q) ^ r.flip);
}

// acc -> the byte to store, for column j, where RequantArgs::scale is given. 0.49999999999999994 is
// the number below one half: adding it and truncating rounds halves away from zero, as std::round.
[[maybe_unused]] inline uint8_t requantise_byte_in_double(int32_t acc, const RequantArgs& r, int64_t j) {
  double v = static_cast<double>(acc) * r.scale[j];
  v = v < -1e9 ? -1e9 : v > 1e9 ? 1e9 : v;
  const int32_t x = static_cast<int32_t>(v + (v < 0 ? -0.49999999999999994 : 0.49999999999999994)) + r.zero_point;
  const int32_t q = x < r.lo ? r.lo : x > r.hi ? r.hi : x;
  return static_cast<uint8_t>(static_cast<uint8_t>(q) ^ r.flip);
}

// acc -> float, for row m and column j (run_dequant).
[[maybe_unused]] inline float dequantise(int32_t acc, const GemmS8Args& a, int64_t m, int64_t j) {
  if (a.row_zero != nullptr) acc = wrap_sub(acc, wrap_mul(a.row_zero[m], a.column_sum[j]));
  const float x = static_cast<float>(acc);
  float y = a.column_scale_first ? x * a.column_scale[j] * a.row_scale[m] : x * (a.row_scale[m] * a.column_scale[j]);
  if (a.float_bias != nullptr) y = y + a.float_bias[j];
  y = y < a.lo ? a.lo : y;
  return a.hi < y ? a.hi : y;
}

// Run of row m, tap t.
[[maybe_unused]] inline const uint8_t* run_of(const GemmS8Args& a, int64_t m, int64_t t) {
  if (a.offsets == nullptr) return a.a + m * a.lda;
  const int32_t o = a.offsets[m * a.taps + t];
  return o < 0 ? a.pad : a.a + o;
}

[[maybe_unused]] void flip_bytes(const uint8_t* x, uint8_t* y, int64_t n, uint8_t flip) {
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<uint8_t>(x[i] ^ flip);
}

}  // namespace
}  // namespace thimble
