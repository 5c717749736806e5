// The int8 matrix product for NEON, written once for processors with the dot product (THIMBLE_NEON_DOT) and without it
// (Cortex-A72, A53: products of bytes in 16 bits, two of them added there, pairs of those in 32).
//
// Packed B: panels of 8 columns; before each the sums that undo the bias of A (below) as 8 int32 and a word that says
// how many products of a row can be added in 16 bits (1, 2 or 4); then per tap and group of 4 rows two vectors of 4
// columns × 4 rows. Rows beyond k and columns beyond n are zero. A's bytes are biased by 128 (gemm_s8.h): xor 0x80
// makes them signed, and
//   Σ a·b = Σ (a − 128)·b + 128 · Σ b.
#pragma once

#include <cstdlib>

#include "kernels/s8_neon.h"

namespace thimble {
namespace {

constexpr int kColumns = 8;
constexpr int64_t kHeadBytes = 48;  // 8 sums, the word, and what keeps the rest aligned
constexpr int kDepthWord = 8;       // where the word stands
constexpr int64_t kGroupBytes = 32;

inline int64_t groups_of(int64_t k) { return (k + 3) / 4; }
inline int64_t panel_bytes(int64_t k, int64_t taps) { return kHeadBytes + taps * groups_of(k) * kGroupBytes; }

int64_t packed_b_bytes(int64_t n, int64_t k, int64_t taps) {
  return (n + kColumns - 1) / kColumns * panel_bytes(k, taps);
}

void pack_b(const PackBS8Args& p) {
  int8_t* panel = p.packed;
  for (int64_t j0 = 0; j0 < p.n; j0 += kColumns, panel += panel_bytes(p.k, p.taps)) {
    uint32_t head[kHeadBytes / 4] = {};
    int8_t* out = panel + kHeadBytes;
    bool two = true, four = true;  // as long as no product of 128 leaves 16 bits
    for (int64_t t = 0; t < p.taps; ++t)
      for (int64_t i0 = 0; i0 < p.k; i0 += 4)
        for (int64_t j = 0; j < kColumns; ++j)
          for (int64_t i = i0; i < i0 + 4; ++i, ++out) {
            const bool there = i < p.k && j0 + j < p.n;
            *out = there ? p.b[(j0 + j) * p.column_stride + t * p.tap_stride + i * p.row_stride] : int8_t{0};
            head[j] += static_cast<uint32_t>(*out) << 7;
            if (*out == -128) two = false;
            if (i0 % 16 == 12) {  // the same place of four groups
              int sum = 0;
              for (int g = 0; g < 4; ++g) sum += std::abs(int{out[-g * kGroupBytes]});
              if (sum * 128 > INT16_MAX) four = false;
            }
          }
    head[kDepthWord] = !two ? 1 : four ? 4 : 2;
    __builtin_memcpy(panel, head, sizeof head);
  }
}

inline int8x16_t load16(const uint8_t* x) { return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(x), vdupq_n_u8(0x80))); }
// Four bytes in every quarter.
inline int8x16_t load4(const uint8_t* x) {
  uint32_t four;
  __builtin_memcpy(&four, x, 4);
  return vreinterpretq_s8_u32(vdupq_n_u32(four ^ 0x80808080u));
}
template <int kLane>
inline int8x16_t quarter(int8x16_t x) {
  const uint32x4_t words = vreinterpretq_u32_s8(x);
#if defined(__aarch64__)
  return vreinterpretq_s8_u32(vdupq_laneq_u32(words, kLane));
#else
  return vreinterpretq_s8_u32(vdupq_n_u32(vgetq_lane_u32(words, kLane)));
#endif
}

#if defined(THIMBLE_NEON_DOT)
// Sums of 4 rows each, for columns 0 … 3 and 4 … 7.
struct Sums {
  int32x4_t a = vdupq_n_s32(0), b = vdupq_n_s32(0);
  void group(int8x16_t x, int8x16_t low, int8x16_t high) {
    a = vdotq_s32(a, low, x);
    b = vdotq_s32(b, high, x);
  }
  template <int kDepth>
  void two_groups(int8x16_t x, int8x16_t low, int8x16_t high, int8x16_t y, int8x16_t low2, int8x16_t high2) {
    group(x, low, high);
    group(y, low2, high2);
  }
  int32x4_t first() const { return a; }
  int32x4_t second() const { return b; }
};
constexpr int kMaxRows = 8;
constexpr bool kDepthMatters = false;
#else
// Products of the upper halves: y has the same in both.
inline int16x8_t high_products(int8x16_t x, int8x16_t y) {
#if defined(__aarch64__)
  return vmull_high_s8(x, y);
#else
  return vmull_s8(vget_high_s8(x), vget_low_s8(y));
#endif
}
inline int16x8_t add_high(int16x8_t sum, int8x16_t x, int8x16_t y) {
#if defined(__aarch64__)
  return vmlal_high_s8(sum, x, y);
#else
  return vmlal_s8(sum, vget_high_s8(x), vget_low_s8(y));
#endif
}

inline int16x8_t low_products(int8x16_t x, int8x16_t y) { return vmull_s8(vget_low_s8(x), vget_low_s8(y)); }
inline int16x8_t add_low(int16x8_t sum, int8x16_t x, int8x16_t y) {
  return vmlal_s8(sum, vget_low_s8(x), vget_low_s8(y));
}

// Sums of rows 0 + 1 and of rows 2 + 3, for two columns in each.
struct Sums {
  int32x4_t a = vdupq_n_s32(0), b = vdupq_n_s32(0), c = vdupq_n_s32(0), d = vdupq_n_s32(0);
  void group(int8x16_t x, int8x16_t low, int8x16_t high) {
    const int8x8_t x8 = vget_low_s8(x);
    a = vpadalq_s16(a, vmull_s8(vget_low_s8(low), x8));
    b = vpadalq_s16(b, high_products(low, x));
    c = vpadalq_s16(c, vmull_s8(vget_low_s8(high), x8));
    d = vpadalq_s16(d, high_products(high, x));
  }
  // kDepth: that many products stay within 16 bits; two only leave them as (−128)² twice.
  template <int kDepth>
  void two_groups(int8x16_t x, int8x16_t low, int8x16_t high, int8x16_t y, int8x16_t low2, int8x16_t high2) {
    if constexpr (kDepth < 2) {
      group(x, low, high);
      group(y, low2, high2);
    } else {
      const int8x8_t x8 = vget_low_s8(x), y8 = vget_low_s8(y);
      a = vpadalq_s16(a, vmlal_s8(vmull_s8(vget_low_s8(low), x8), vget_low_s8(low2), y8));
      b = vpadalq_s16(b, add_high(high_products(low, x), low2, y));
      c = vpadalq_s16(c, vmlal_s8(vmull_s8(vget_low_s8(high), x8), vget_low_s8(high2), y8));
      d = vpadalq_s16(d, add_high(high_products(high, x), high2, y));
    }
  }
  // The same for four groups of 4 rows, those of x, whose 4 products stay within 16 bits.
  void four_groups(int8x16_t x, const int8_t* panel) {
    const int8x16_t x0 = quarter<0>(x), x1 = quarter<1>(x), x2 = quarter<2>(x), x3 = quarter<3>(x);
    const int8x16_t low0 = vld1q_s8(panel), high0 = vld1q_s8(panel + 16), low1 = vld1q_s8(panel + 32),
                    high1 = vld1q_s8(panel + 48), low2 = vld1q_s8(panel + 64), high2 = vld1q_s8(panel + 80),
                    low3 = vld1q_s8(panel + 96), high3 = vld1q_s8(panel + 112);
    a = vpadalq_s16(a, add_low(add_low(add_low(low_products(low0, x0), low1, x1), low2, x2), low3, x3));
    b = vpadalq_s16(b, add_high(add_high(add_high(high_products(low0, x0), low1, x1), low2, x2), low3, x3));
    c = vpadalq_s16(c, add_low(add_low(add_low(low_products(high0, x0), high1, x1), high2, x2), high3, x3));
    d = vpadalq_s16(d, add_high(add_high(add_high(high_products(high0, x0), high1, x1), high2, x2), high3, x3));
  }
  int32x4_t first() const { return add_pairs(a, b); }
  int32x4_t second() const { return add_pairs(c, d); }
};
constexpr bool kDepthMatters = true;
#if defined(__aarch64__)
constexpr int kMaxRows = 4;
#else
constexpr int kMaxRows = 2;  // half the registers
#endif
#endif

// sums[r][8]: rows m0 … m0 + kRows of one panel. `start`: per column what every sum begins with.
template <int kRows, int kDepth>
[[gnu::always_inline]] inline void tile(const GemmS8Args& a, int64_t m0, const int8_t* panel, const int32_t* start,
                                        int32_t* sums) {
  Sums acc[kRows];
  const int64_t groups = groups_of(a.k);
  for (int64_t t = 0; t < a.taps; ++t) {
    const uint8_t* run[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) run[r] = run_of(a, m0 + r, t);
    int64_t g = 0;
    for (; (g + 4) * 4 <= a.k; g += 4, panel += 4 * kGroupBytes) {
      int8x16_t x[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) x[r] = load16(run[r] + g * 4);
      if constexpr (kDepthMatters && kDepth == 4) {
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) acc[r].four_groups(x[r], panel);
        continue;
      }
      int8x16_t b0 = vld1q_s8(panel), b1 = vld1q_s8(panel + 16), b2 = vld1q_s8(panel + 32), b3 = vld1q_s8(panel + 48);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r)
        acc[r].template two_groups<kDepth>(quarter<0>(x[r]), b0, b1, quarter<1>(x[r]), b2, b3);
      b0 = vld1q_s8(panel + 64), b1 = vld1q_s8(panel + 80), b2 = vld1q_s8(panel + 96), b3 = vld1q_s8(panel + 112);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r)
        acc[r].template two_groups<kDepth>(quarter<2>(x[r]), b0, b1, quarter<3>(x[r]), b2, b3);
    }
    for (; g + 2 <= groups; g += 2, panel += 2 * kGroupBytes) {
      const int8x16_t b0 = vld1q_s8(panel), b1 = vld1q_s8(panel + 16), b2 = vld1q_s8(panel + 32),
                      b3 = vld1q_s8(panel + 48);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r)
        acc[r].template two_groups<kDepth>(load4(run[r] + g * 4), b0, b1, load4(run[r] + g * 4 + 4), b2, b3);
    }
    if (g < groups) {
      const int8x16_t b0 = vld1q_s8(panel), b1 = vld1q_s8(panel + 16);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) acc[r].group(load4(run[r] + g * 4), b0, b1);
      panel += kGroupBytes;
    }
  }
  const int32x4_t begin = vld1q_s32(start), begin2 = vld1q_s32(start + 4);
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    vst1q_s32(sums + r * kColumns, vaddq_s32(acc[r].first(), begin));
    vst1q_s32(sums + r * kColumns + 4, vaddq_s32(acc[r].second(), begin2));
  }
}

// For many rows: pairs at most, which hardly costs more and keeps weights of many rows in registers.
template <int kDepth>
int some_rows(const GemmS8Args& a, int64_t m, const int8_t* panel, const int32_t* start, int32_t* sums) {
  const int64_t left = a.m - m;
  if constexpr (kMaxRows >= 8)
    if (left >= 8) return tile<8, kDepth>(a, m, panel, start, sums), 8;
  if constexpr (kMaxRows >= 4)
    if (left >= 4) return tile<4, kDepth>(a, m, panel, start, sums), 4;
  if (left >= 2) return tile<2, kDepth>(a, m, panel, start, sums), 2;
  return tile<1, kDepth>(a, m, panel, start, sums), 1;
}

enum class Store { requantised, in_double, floats };

// What turns the sums of one panel into its outputs.
template <Store kStore>
struct Output {
  const GemmS8Args& a;
  int64_t j0, columns;
  NeonClamp clamp;
  NeonRequant low, high;
#if defined(__aarch64__)
  NeonScales scales;
#endif

  Output(const GemmS8Args& args, int64_t column, int64_t count)
      : a(args), j0(column), columns(count), clamp(args.requant) {
    if constexpr (kStore == Store::requantised) {
      low = NeonRequant(a.requant, j0, columns);
      high = NeonRequant(a.requant, j0 + 4, columns - 4);
    }
#if defined(__aarch64__)
    if constexpr (kStore == Store::in_double) scales = NeonScales(a.requant, j0, columns);
#endif
  }

  void row(int64_t m, const int32_t* sum) const {
    if constexpr (kStore == Store::requantised) {
      store_bytes(a.c_quantized + m * a.ldc + j0, clamp.bytes(vld1q_s32(sum), vld1q_s32(sum + 4), low, high), columns);
    } else if constexpr (kStore == Store::floats) {
      for (int64_t j = 0; j < columns; ++j) a.c_float[m * a.ldc + j0 + j] = dequantise(sum[j], a, m, j0 + j);
    } else {
#if defined(__aarch64__)
      store_bytes(a.c_quantized + m * a.ldc + j0, clamp.bytes(vld1q_s32(sum), vld1q_s32(sum + 4), scales), columns);
#else
      for (int64_t j = 0; j < columns; ++j)
        a.c_quantized[m * a.ldc + j0 + j] = requantise_byte_in_double(sum[j], a.requant, j0 + j);
#endif
    }
  }
};

template <Store kStore>
void run(const GemmS8Args& a) {
  const int64_t step = panel_bytes(a.k, a.taps);
  alignas(16) int32_t sums[kMaxRows * kColumns], start[kColumns];
  const int8_t* panel = a.b;
  for (int64_t j0 = 0; j0 < a.n; j0 += kColumns, panel += step) {
    const int64_t columns = a.n - j0 < kColumns ? a.n - j0 : kColumns;
    int32_t head[kDepthWord + 1];
    __builtin_memcpy(head, panel, sizeof head);
    if (columns == kColumns) {
      vst1q_s32(start, vaddq_s32(vld1q_s32(head), vld1q_s32(a.bias + j0)));
      vst1q_s32(start + 4, vaddq_s32(vld1q_s32(head + 4), vld1q_s32(a.bias + j0 + 4)));
    } else {
      for (int64_t j = 0; j < kColumns; ++j) start[j] = j < columns ? wrap_add(a.bias[j0 + j], head[j]) : 0;
    }
    const int8_t* const weights = panel + kHeadBytes;
    const Output<kStore> output(a, j0, columns);
    if (a.m == 1) {  // a matrix and a vector: no call, and as many products as fit before they are widened
      if (!kDepthMatters || head[kDepthWord] == 2)
        tile<1, 2>(a, 0, weights, start, sums);
      else if (head[kDepthWord] == 4)
        tile<1, kDepthMatters ? 4 : 2>(a, 0, weights, start, sums);
      else
        tile<1, kDepthMatters ? 1 : 2>(a, 0, weights, start, sums);
      output.row(0, sums);
      continue;
    }
    for (int64_t m = 0; m < a.m;) {
      const int rows =
          head[kDepthWord] == 1 ? some_rows<1>(a, m, weights, start, sums) : some_rows<2>(a, m, weights, start, sums);
      for (int r = 0; r < rows; ++r, ++m) output.row(m, sums + r * kColumns);
    }
  }
}

void run_requant(const GemmS8Args& a) { a.requant.scale ? run<Store::in_double>(a) : run<Store::requantised>(a); }

void fill(GemmS8Kernels& table, const char* name) {
  table.name = name;
  table.mr = kMaxRows;
  table.nr = kColumns;
  table.run_requant = run_requant;
  table.run_dequant = run<Store::floats>;
  table.pack_b = pack_b;
  table.packed_b_bytes = packed_b_bytes;
  table.flip = flip_bytes;
}

}  // namespace
}  // namespace thimble
