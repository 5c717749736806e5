// The integer LSTM cell in 16-bit fixed point, written as loops over short blocks that the compiler turns
// into vectors of each instruction set; included by lstm_isa.cc alone. Every operation is gemmlowp's on
// the values that occur here: products of Q0.15 numbers never meet −1 · −1, so the saturation of the
// doubling high multiply is left out. Source: gemmlowp fixedpoint.h (exp, logistic, tanh of 16 bits).
#pragma once

#include <cstdint>

#include "kernels/lstm.h"

namespace thimble {
namespace {
namespace s16 {

// One block of numbers: a few vectors at any width, so that the functions below stay in registers.
constexpr int kBlock = 32;
struct Block {
  alignas(64) int16_t v[kBlock];
};

inline int16_t narrow(int32_t x) { return static_cast<int16_t>(x); }
inline int16_t mul(int16_t a, int16_t b) { return narrow(((int32_t{a} * b >> 14) + 1) >> 1); }
inline int16_t saturate(int32_t x) { return narrow(x > 32767 ? 32767 : x < -32768 ? -32768 : x); }
// Constants of 32 bits, rounded to 16.
constexpr int16_t q15(int32_t q31) { return static_cast<int16_t>(((q31 >> 15) + 1) >> 1); }
// x / 2^e, halves away from zero, for 0 < e.
inline int16_t half_away(int16_t x, int e) {
  const int16_t mask = narrow((1 << e) - 1), rest = narrow(x & mask);
  const int16_t threshold = narrow((mask >> 1) + (x < 0 ? 1 : 0));
  return narrow((x >> e) + (rest > threshold ? 1 : 0));
}

// exp(a) for a ≤ 0 in Qm.(15 − m).
template <int kIntegerBits>
inline int16_t exp_negative(int16_t a) {
  constexpr int kFraction = 15 - kIntegerBits;
  constexpr int16_t kQuarter = static_cast<int16_t>(1 << (kFraction - 2));
  constexpr int16_t kExp = q15(1895147668), kThird = q15(715827883);
  const int16_t within = narrow((a & (kQuarter - 1)) - kQuarter);
  // within · 2^m lies in [−1/4, 0): no saturation.
  const int16_t x = narrow((within << kIntegerBits) + (1 << 12));
  const int16_t x2 = mul(x, x), x3 = mul(x2, x), x4 = mul(x2, x2);
  const int16_t sum = narrow(mul(narrow(half_away(x4, 2) + x3), kThird) + x2);
  int16_t result = narrow(kExp + mul(kExp, narrow(x + half_away(sum, 1))));
  const int16_t remainder = narrow(within - a);
  constexpr int16_t kFactors[] = {q15(1672461947), q15(1302514674), q15(790015084), q15(290630308),
                                  q15(39332535),   q15(720401),     q15(242)};
#pragma GCC unroll 7
  for (int k = -2; k <= 4; ++k) {
    if (k >= kIntegerBits) break;
    const int16_t scaled = mul(result, kFactors[k + 2]);
    result = (remainder & (1 << (kFraction + k))) != 0 ? scaled : result;
  }
  if (kIntegerBits > 5) result = a < -(1 << (kIntegerBits > 5 ? 20 - kIntegerBits : 0)) ? int16_t{0} : result;
  return a == 0 ? int16_t{32767} : result;
}

// 1 / ((1 + a) / 2) in Q2.13 for a in [0, 1).
inline int16_t reciprocal(int16_t a) {
  const int16_t half = narrow((int32_t{a} + 32767 + 1) >> 1);
  int16_t x = narrow(q15(1515870810) + mul(half, q15(-1010580540)));
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) {
    const int16_t correction = mul(x, narrow((1 << 13) - mul(half, x)));
    x = narrow(x + saturate(int32_t{correction} * 4));
  }
  return x;
}

inline void sigmoid(Block& b) {
  for (int i = 0; i < kBlock; ++i) {
    const int16_t x = b.v[i];
    const int16_t positive = saturate(int32_t{reciprocal(exp_negative<3>(x > 0 ? narrow(-x) : x))} * 2);
    const int16_t y = x > 0 ? positive : narrow(32767 - positive);
    b.v[i] = x == 0 ? int16_t{16384} : y;
  }
}

template <int kIntegerBits>
inline void tanh(Block& b) {
  for (int i = 0; i < kBlock; ++i) {
    const int16_t x = b.v[i];
    const int16_t e = exp_negative<kIntegerBits + 1>(x < 0 ? x : narrow(-x));
    const int16_t t = saturate((int32_t{reciprocal(e)} - (1 << 13)) * 4);
    const int16_t y = x < 0 ? narrow(-t) : t;
    b.v[i] = x == 0 ? int16_t{0} : y;
  }
}

inline void tanh_cell(Block& b, int integer_bits) {
  switch (integer_bits) {
    case 0: return tanh<0>(b);
    case 1: return tanh<1>(b);
    case 2: return tanh<2>(b);
    case 3: return tanh<3>(b);
    case 4: return tanh<4>(b);
    case 5: return tanh<5>(b);
    default: return tanh<6>(b);
  }
}

// x / 2^e, halves away from zero, 0 ≤ e ≤ 31.
inline int32_t half_away32(int32_t x, int32_t mask, int e) {
  const int32_t rest = x & mask, threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> e) + (rest > threshold ? 1 : 0);
}

// gemm_s8.h's requantisation, for multipliers ≥ 0.
struct Requant {
  int32_t multiplier, mask;
  int left, right;
  Requant(int32_t m, int32_t shift)
      : multiplier(m),
        mask(static_cast<int32_t>((int64_t{1} << (shift < 0 ? (shift < -31 ? 31 : -shift) : 0)) - 1)),
        left(shift > 0 ? shift : 0),
        right(shift < 0 ? (shift < -31 ? 31 : -shift) : 0) {}
  int32_t operator()(int32_t x) const {
    const int64_t shifted = static_cast<int32_t>(static_cast<uint32_t>(x) << left);
    const uint64_t product = static_cast<uint64_t>(shifted * multiplier + (int64_t{1} << 30));
    return half_away32(static_cast<int32_t>(static_cast<uint32_t>(product >> 31)), mask, right);
  }
};

}  // namespace s16

void gates_s16(const LstmGatesS16Args& a) {
  const int64_t units = a.units;
  for (int g = 0; g < 4; ++g) {
    const s16::Requant requant(a.multiplier[g], a.shift[g]);
    const int32_t* bias = a.bias + g * units;
    for (int64_t row = 0; row < a.rows; ++row) {
      const float* sums = a.sums + row * 4 * units + g * units;
      int16_t* gates = a.gates + row * 4 * units + g * units;
      for (int64_t j = 0; j < units; ++j) {
        const uint32_t sum = static_cast<uint32_t>(static_cast<int32_t>(sums[j])) + static_cast<uint32_t>(bias[j]);
        // What exceeds 17 bits saturates in any case.
        const int32_t q = requant(static_cast<int32_t>(sum)), bounded = q > 99999 ? 99999 : q < -99999 ? -99999 : q;
        gates[j] = s16::saturate(bounded + (a.accumulate ? gates[j] : 0));
      }
    }
  }
}

void cell_s16_block(const LstmCellS16Args& a, int16_t* gates, int16_t* c, uint8_t* h, int64_t count) {
  using s16::kBlock;
  s16::Block gate[4] = {}, cell = {};
  for (int g = 0; g < 4; ++g)
    for (int64_t j = 0; j < count; ++j) gate[g].v[j] = gates[g * a.units + j];
  for (int64_t j = 0; j < count; ++j) cell.v[j] = c[j];
  s16::sigmoid(gate[0]);
  s16::sigmoid(gate[1]);
  s16::tanh<3>(gate[2]);
  s16::sigmoid(gate[3]);
  const int added = 30 + a.power;
  const int32_t clip = a.cell_clip > 0 ? a.cell_clip : 32768;
  for (int j = 0; j < kBlock; ++j) {
    const int16_t kept = s16::narrow(s16::half_away32(int32_t{gate[1].v[j]} * cell.v[j], (1 << 15) - 1, 15));
    const int16_t fresh = s16::narrow(s16::half_away32(int32_t{gate[0].v[j]} * gate[2].v[j], (1 << added) - 1, added));
    const int32_t sum = s16::saturate(kept + fresh);
    cell.v[j] = s16::narrow(sum > clip ? clip : sum < -clip ? -clip : sum);
  }
  for (int64_t j = 0; j < count; ++j) c[j] = cell.v[j];
  s16::tanh_cell(cell, 15 + a.power);
  const s16::Requant requant(a.multiplier, a.shift);
  uint8_t bytes[kBlock];
  for (int j = 0; j < kBlock; ++j) {
    const uint32_t q = static_cast<uint32_t>(requant(int32_t{gate[3].v[j]} * cell.v[j])) + static_cast<uint32_t>(a.zero_point);
    const auto v = static_cast<int32_t>(q);
    bytes[j] = static_cast<uint8_t>((v > 127 ? 127 : v < -128 ? -128 : v) ^ 0x80);
  }
  for (int64_t j = 0; j < count; ++j) h[j] = bytes[j];
  for (int g = 0; g < 4; ++g)
    for (int64_t j = 0; j < count; ++j) gates[g * a.units + j] = gate[g].v[j];
}

void cell_s16(const LstmCellS16Args& a) {
  for (int64_t row = 0; row < a.rows; ++row)
    for (int64_t j = 0; j < a.units; j += s16::kBlock)
      cell_s16_block(a, a.gates + row * 4 * a.units + j, a.c + row * a.units + j, a.h + row * a.units + j,
                     a.units - j < s16::kBlock ? a.units - j : s16::kBlock);
}

void fill_lstm_s16(LstmKernels& table) {
  table.gates_s16 = gates_s16;
  table.cell_s16 = cell_s16;
}

}  // namespace
}  // namespace thimble
