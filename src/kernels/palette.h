// Products with constant weights of which few differ (clustered ones): a weight is stored as a code of 4 bits and
// looked up in registers, so that large layers of one or a few rows, which wait for their weights, read an eighth of
// the bytes. Looking up costs more than reading from a near cache: for one row, half of the columns are kept as floats,
// and memory and arithmetic are both busy.
#pragma once

#include <cstdint>
#include <span>

namespace thimble {

inline constexpr int64_t kPaletteValues = 16;  // different weights
inline constexpr int64_t kPaletteRows = 4;     // most rows of a call
inline constexpr int64_t kPaletteRun = 32;     // columns looked up together

// For r < m <= kPaletteRows and j < n
//   c[r·ldc + j] = clamp(bias[j] + Σ_{i<k} a[r·lda + i] · values[code of (j, i)], lo, hi)       (bias null: 0)
// i ascending, one fused multiply-add a step: the bits of GemmF32Args, infinities included.
struct PaletteF32Args {
  int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  int64_t lda = 0;
  const uint8_t* b = nullptr;     // packed by pack
  const float* values = nullptr;  // kPaletteValues
  bool half = false;              // as packed; m is 1 then
  const float* bias = nullptr;
  float* c = nullptr;
  int64_t ldc = 0;
  float lo = -__builtin_inff(), hi = __builtin_inff();
};

// The packed form is tiles of columns one after the other, in each the pairs of steps i, i + 1 in order: kPaletteRun
// bytes, each the codes of one column at both steps (in a column order of the kernel's own), and in tiles of `half`,
// which have 2 · kPaletteRun columns, the floats of the second half at i, then at i + 1. What is left of n in the last
// tile makes one without floats where a run is enough.
struct PalettePackArgs {
  int64_t n = 0, k = 0;
  const uint8_t* codes = nullptr;  // of weight [j, i] at j·k + i
  const float* values = nullptr;
  bool half = false;
  uint8_t* packed = nullptr;
};
// Columns and bytes of a whole tile; bytes of all.
constexpr int64_t palette_columns(bool half) { return half ? 2 * kPaletteRun : kPaletteRun; }
constexpr int64_t palette_tile_bytes(int64_t k, bool half) {
  return (k + 1) / 2 * (kPaletteRun + (half ? 2 * kPaletteRun * int64_t{sizeof(float)} : 0));
}
constexpr int64_t palette_bytes(int64_t n, int64_t k, bool half) {
  const int64_t columns = palette_columns(half), left = n % columns;
  return n / columns * palette_tile_bytes(k, half) +
         (left == 0 ? 0 : palette_tile_bytes(k, half && left > kPaletteRun));
}

// Nanoseconds per 1,000 weights of layers whose dense weights take `bytes` or more: the dense kernel, all columns
// looked up, and half of them (0: never). Measured (docs/notes/palette-weights.md), in ascending order of rows, then
// bytes; a number of rows that is not listed stays dense.
struct PaletteCost {
  int64_t rows, bytes;
  double dense, all, half;
};

// One row of unsigned bytes and int8 weights: for j < n
//   c[j] = bias[j] + Σ_{i<k} a[i] · values[code of (j, i)]        int32, wrapping
// c has room for n rounded up to 16. Values beyond 64 take longer: two products of theirs do not fit into 16 bits, and
// they are looked up as two halves.
struct PaletteS8Args {
  int64_t n = 0, k = 0;
  const uint8_t* a = nullptr;
  const uint8_t* b = nullptr;  // packed by pack_s8 in palette_s8_bytes
  const int8_t* values = nullptr;
  const int32_t* bias = nullptr;
  int32_t* c = nullptr;
};
constexpr int64_t palette_s8_bytes(int64_t n, int64_t k) { return (n + 15) / 16 * ((k + 7) / 8) * 64; }

// As PaletteCost, of one row of `weights` or more: the dense kernel, values of at most 64, and any.
struct PaletteS8Cost {
  int64_t weights;
  double dense, small, any;
};

struct PaletteKernels {
  void (*f32)(const PaletteF32Args&) = nullptr;
  void (*pack)(const PalettePackArgs&) = nullptr;
  std::span<const PaletteCost> costs;  // empty where nobody has measured: then the plan stays dense
  // Null with tables whose dense kernel reads one byte per weight; AVX2's reads two.
  void (*s8)(const PaletteS8Args&) = nullptr;
  void (*pack_s8)(const uint8_t* codes, int64_t n, int64_t k, uint8_t* packed) = nullptr;
  std::span<const PaletteS8Cost> s8_costs;
};

}  // namespace thimble
