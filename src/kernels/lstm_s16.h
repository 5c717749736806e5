// The integer LSTM cell in 16-bit fixed point: sigmoid and tanh on vectors of int16 (the compiler's own
// vector types, one register of the instruction set), the rest as loops over short blocks that the compiler
// vectorises; included by lstm_isa.cc alone. Every operation is gemmlowp's on the values that occur here:
// products of Q0.15 numbers never meet −1 · −1, so the saturation of the doubling high multiply is left out.
// Source: gemmlowp fixedpoint.h (exp, logistic, tanh of 16 bits).
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include "kernels/lstm.h"

namespace thimble {
namespace {
namespace s16 {

#if defined(__AVX512BW__)
constexpr int kLanes = 32;
#elif defined(__AVX2__)
constexpr int kLanes = 16;
#else
constexpr int kLanes = 8;
#endif
typedef int16_t V __attribute__((vector_size(2 * kLanes)));

// The first `count` of kLanes numbers, the others 0.
inline V load(const int16_t* from, int64_t count) {
#if defined(__AVX512BW__)
  const auto mask = static_cast<__mmask32>((uint64_t{1} << count) - 1);
  return reinterpret_cast<V>(_mm512_maskz_loadu_epi16(mask, from));
#else
  V x = {};
  std::memcpy(&x, from, count == kLanes ? sizeof x : static_cast<size_t>(count) * 2);
  return x;
#endif
}
inline void store(int16_t* to, V x, int64_t count) {
#if defined(__AVX512BW__)
  _mm512_mask_storeu_epi16(to, static_cast<__mmask32>((uint64_t{1} << count) - 1), reinterpret_cast<__m512i>(x));
#else
  std::memcpy(to, &x, count == kLanes ? sizeof x : static_cast<size_t>(count) * 2);
#endif
}

// The value in every lane.
inline V all(int16_t x) { return V{} + x; }
// round(a·b / 2^15), ties toward +∞.
inline V mul(V a, V b) {
#if defined(__AVX512BW__)
  return reinterpret_cast<V>(_mm512_mulhrs_epi16(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__)
  return reinterpret_cast<V>(_mm256_mulhrs_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__ARM_NEON)
  return reinterpret_cast<V>(vqrdmulhq_s16(reinterpret_cast<int16x8_t>(a), reinterpret_cast<int16x8_t>(b)));
#else
  typedef int32_t Wide __attribute__((vector_size(4 * kLanes)));
  const Wide product = __builtin_convertvector(a, Wide) * __builtin_convertvector(b, Wide);
  return __builtin_convertvector((product + (1 << 14)) >> 15, V);
#endif
}
// sat16(x · 2^kShift)
template <int kShift>
inline V shift_left(V x) {
  constexpr int16_t kHigh = static_cast<int16_t>((1 << (15 - kShift)) - 1), kLow = static_cast<int16_t>(-kHigh - 1);
  const V shifted = x << kShift;
  return x > kHigh ? all(32767) : x < kLow ? all(-32768) : shifted;
}
// x / 2^kShift, halves away from zero.
template <int kShift>
inline V half_away(V x) {
  constexpr int16_t kMask = (1 << kShift) - 1;
  // A comparison gives −1 where it holds.
  const V threshold = static_cast<int16_t>(kMask >> 1) - (x < 0);
  return (x >> kShift) - ((x & kMask) > threshold);
}
// Constants of 32 bits, rounded to 16.
constexpr int16_t q15(int32_t q31) { return static_cast<int16_t>(((q31 >> 15) + 1) >> 1); }
inline int16_t saturate(int32_t x) { return static_cast<int16_t>(x > 32767 ? 32767 : x < -32768 ? -32768 : x); }

// exp(a) for a ≤ 0 in Qm.(15 − m).
template <int kIntegerBits>
inline V exp_negative(V a) {
  constexpr int kFraction = 15 - kIntegerBits;
  constexpr int16_t kQuarter = static_cast<int16_t>(1 << (kFraction - 2));
  constexpr int16_t kExp = q15(1895147668), kThird = q15(715827883);
  const V within = (a & static_cast<int16_t>(kQuarter - 1)) - kQuarter;
  // within · 2^m lies in [−1/4, 0): no saturation.
  const V x = (within << kIntegerBits) + static_cast<int16_t>(1 << 12);
  const V x2 = mul(x, x), x3 = mul(x2, x), x4 = mul(x2, x2);
  const V sum = mul(half_away<2>(x4) + x3, all(kThird)) + x2;
  V result = mul(all(kExp), x + half_away<1>(sum)) + kExp;
  const V remainder = within - a;
  constexpr int16_t kFactors[] = {q15(1672461947), q15(1302514674), q15(790015084), q15(290630308),
                                  q15(39332535),   q15(720401),     q15(242)};
#pragma GCC unroll 7
  for (int k = -2; k <= 4; ++k) {
    if (k >= kIntegerBits) break;
    const V scaled = mul(result, all(kFactors[k + 2]));
    const V bit = all(static_cast<int16_t>(1 << (kFraction + k)));
    result = (remainder & bit) != V{} ? scaled : result;
  }
  if (kIntegerBits > 5)
    result = a < static_cast<int16_t>(-(1 << (kIntegerBits > 5 ? 20 - kIntegerBits : 0))) ? V{} : result;
  return a == 0 ? all(32767) : result;
}

// 1 / ((1 + a) / 2) in Q2.13 for a in [0, 1).
inline V reciprocal(V a) {
  const V half = (a >> 1) + static_cast<int16_t>(1 << 14);
  V x = mul(half, all(q15(-1010580540))) + q15(1515870810);
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) x = x + shift_left<2>(mul(x, static_cast<int16_t>(1 << 13) - mul(half, x)));
  return x;
}

inline V sigmoid(V x) {
  const V positive = shift_left<1>(reciprocal(exp_negative<3>(x > 0 ? -x : x)));
  const V y = x > 0 ? positive : static_cast<int16_t>(32767) - positive;
  return x == 0 ? all(16384) : y;
}

template <int kIntegerBits>
inline V tanh(V x) {
  const V e = exp_negative<kIntegerBits + 1>(x < 0 ? x : -x);
  const V t = shift_left<2>(reciprocal(e) - static_cast<int16_t>(1 << 13));
  const V y = x < 0 ? -t : t;
  return x == 0 ? V{} : y;
}

inline V tanh_cell(V x, int integer_bits) {
  switch (integer_bits) {
    case 0: return tanh<0>(x);
    case 1: return tanh<1>(x);
    case 2: return tanh<2>(x);
    case 3: return tanh<3>(x);
    case 4: return tanh<4>(x);
    case 5: return tanh<5>(x);
    default: return tanh<6>(x);
  }
}

// x / 2^e, halves away from zero, 0 ≤ e ≤ 31.
inline int32_t half_away32(int32_t x, int32_t mask, int e) {
  const int32_t rest = x & mask, threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> e) + (rest > threshold ? 1 : 0);
}

// gemm_s8.h's requantisation, for multipliers ≥ 0 and shifts from −31.
inline int32_t requant(int32_t x, int32_t multiplier, int32_t shift) {
  const int left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
  const int64_t shifted = static_cast<int32_t>(static_cast<uint32_t>(x) << left);
  const uint64_t product = static_cast<uint64_t>(shifted * multiplier + (int64_t{1} << 30));
  const auto mask = static_cast<int32_t>((uint32_t{1} << right) - 1);
  return half_away32(static_cast<int32_t>(static_cast<uint32_t>(product >> 31)), mask, right);
}

}  // namespace s16

void gates_s16(const LstmGatesS16Args& a) {
  const int64_t columns = 4 * a.units;
  const float* __restrict sums = a.sums;
  int16_t* __restrict gates = a.gates;
  for (int64_t row = 0; row < a.rows; ++row, sums += columns, gates += columns)
    for (int64_t j = 0; j < columns; ++j) {
      const uint32_t sum = static_cast<uint32_t>(static_cast<int32_t>(sums[j])) + static_cast<uint32_t>(a.bias[j]);
      const int32_t q = s16::requant(static_cast<int32_t>(sum), a.multiplier[j], a.shift[j]);
      // What exceeds 17 bits saturates in any case.
      const int32_t bounded = q > 99999 ? 99999 : q < -99999 ? -99999 : q;
      gates[j] = s16::saturate(bounded + (a.accumulate ? gates[j] : 0));
    }
}

// `count` ≤ kLanes units of one row.
void cell_s16_lanes(const LstmCellS16Args& a, int16_t* gates, int16_t* c, uint8_t* h, int64_t count) {
  using namespace s16;
  alignas(64) int16_t gate[4][kLanes], cell[kLanes];
  int16_t* const at[4] = {gates, gates + a.units, gates + 2 * a.units, gates + 3 * a.units};
  const V in_gate = sigmoid(load(at[0], count)), forget = sigmoid(load(at[1], count)),
          fresh_cell = tanh<3>(load(at[2], count)), out_gate = sigmoid(load(at[3], count));
  const V activated[4] = {in_gate, forget, fresh_cell, out_gate};
  std::memcpy(gate, activated, sizeof gate);
  const V before = load(c, count);
  std::memcpy(cell, &before, sizeof before);
  const int shift = 30 + a.power;
  const int32_t clip = a.cell_clip > 0 ? a.cell_clip : 32768, mask = (1 << shift) - 1;
  for (int k = 0; k < kLanes; ++k) {
    // Each share is cut to 16 bits before the sum.
    const auto kept = static_cast<int16_t>(half_away32(int32_t{gate[1][k]} * cell[k], (1 << 15) - 1, 15));
    const auto fresh = static_cast<int16_t>(half_away32(int32_t{gate[0][k]} * gate[2][k], mask, shift));
    const int32_t sum = saturate(kept + fresh);
    cell[k] = static_cast<int16_t>(sum > clip ? clip : sum < -clip ? -clip : sum);
  }
  V now;
  std::memcpy(&now, cell, sizeof now);
  store(c, now, count);
  now = tanh_cell(now, 15 + a.power);
  std::memcpy(cell, &now, sizeof now);
  alignas(64) uint8_t bytes[kLanes];
  for (int k = 0; k < kLanes; ++k) {
    const auto q =
        static_cast<int32_t>(static_cast<uint32_t>(requant(int32_t{gate[3][k]} * cell[k], a.multiplier, a.shift)) +
                             static_cast<uint32_t>(a.zero_point));
    bytes[k] = static_cast<uint8_t>((q > 127 ? 127 : q < -128 ? -128 : q) ^ 0x80);
  }
  std::memcpy(h, bytes, static_cast<size_t>(count));
  for (int k = 0; k < 4; ++k) store(at[k], activated[k], count);
}

void cell_s16(const LstmCellS16Args& a) {
  for (int64_t row = 0; row < a.rows; ++row)
    for (int64_t j = 0; j < a.units; j += s16::kLanes)
      cell_s16_lanes(a, a.gates + row * 4 * a.units + j, a.c + row * a.units + j, a.h + row * a.units + j,
                     a.units - j < s16::kLanes ? a.units - j : s16::kLanes);
}

void fill_lstm_s16(LstmKernels& table) {
  table.gates_s16 = gates_s16;
  table.cell_s16 = cell_s16;
}

}  // namespace
}  // namespace thimble
