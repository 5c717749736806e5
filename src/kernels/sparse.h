// Products with constant weights of which many are zero: only the others are stored and multiplied. Sixteen or more
// rows of the output are computed at once, lane by lane, so activations lie turned (a number of the run of channels,
// then all rows), and so do the results; turning both is the price, which few zeros do not repay.
#pragma once

#include <cstdint>

#include "kernels/gemm_s8.h"

namespace thimble {

inline constexpr int64_t kSparseRows = 16;  // m is a multiple of it

// For p < m and j < n
//   c[j·ldc + p] = clamp(bias[j] + Σ_e value[e] · a[offset[e] + p], lo, hi),   e from begin[j] to begin[j + 1]
// bias null: 0. One fused multiply-add per entry in their order: with the weights in ascending order the bits are those
// of GemmF32Args, for finite activations (a zero weight times an infinity is left out here). A convolution of stride 1
// needs no table of pixels: the rows of a tap lie at a distance from those of the first, which is in the offset.
struct SparseF32Args {
  int64_t m = 0, n = 0;
  const float* a = nullptr;
  const int32_t *begin = nullptr, *offset = nullptr;
  const float* value = nullptr;
  const float* bias = nullptr;
  float* c = nullptr;
  int64_t ldc = 0;
  float lo = -__builtin_inff(), hi = __builtin_inff();
};

// The same with groups of four weights and of four unsigned activations; value holds packed groups (group_bytes each,
// by pack_group).
//   c[j·ldc + p] = bias[j] + Σ_e Σ_{i<4} value[e][i] · a[(offset[e] + p)·4 + i]        int32, wrapping
struct SparseS8Args {
  int64_t m = 0, n = 0;
  const uint8_t* a = nullptr;
  const int32_t *begin = nullptr, *offset = nullptr;
  const int8_t* value = nullptr;
  const int32_t* bias = nullptr;
  int32_t* c = nullptr;
  int64_t ldc = 0;
};

// One row of activations as it lies, for dense layers of a batch too small for the forms above: entries are blocks of
// sixteen weights along the run.
//   c[j] = bias[j] + Σ_e Σ_{i<16} value[16·e + i] · a[16·block[e] + i]        e from begin[j] to begin[j + 1]
// Where the run is no multiple of 16, the bytes behind it are read and meet weights of 0.
struct SparseRowS8Args {
  int64_t n = 0;
  const uint8_t* a = nullptr;
  const int32_t *begin = nullptr, *block = nullptr;
  const int8_t* value = nullptr;
  const int32_t* bias = nullptr;
  int32_t* c = nullptr;
};

// What the kernels cost beside the dense ones of the same table, in multiply-adds of GemmF32Kernels::run, or in groups
// of four of run_requant: an entry costs entry · (rows + start) for each chunk of 128, 64, 32 or 16 rows that m
// consists of (none above `most`), turning a number `turn`. Measured (docs/notes/sparse-weights.md); entry is 0 where
// nobody has: then the plan stays dense.
struct SparseCost {
  double entry = 0, start = 0, turn = 0;
  int64_t most = 0;
};
// The same of a row: an entry, and what a column takes by itself.
struct SparseRowCost {
  double entry = 0, column = 0;
};

struct SparseKernels {
  void (*f32)(const SparseF32Args&) = nullptr;
  SparseCost f32_cost;
  void (*s8)(const SparseS8Args&) = nullptr;
  void (*pack_group)(const int8_t weights[4], int8_t* packed) = nullptr;
  int64_t group_bytes = 0;
  // c_quantized of m rows and n columns from their sums, sums[r·lds + j]: the last step of run_requant.
  void (*requantise)(const GemmS8Args&, const int32_t* sums, int64_t lds) = nullptr;
  SparseCost s8_cost;
  void (*row_s8)(const SparseRowS8Args&) = nullptr;
  SparseRowCost row_s8_cost;
};

}  // namespace thimble
