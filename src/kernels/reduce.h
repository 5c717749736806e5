// Reductions with a fixed number of virtual lanes (16): lane l sums elements l, l+16, …, then the
// lanes are added pairwise (8, 4, 2, 1); the same bits for every split over rows and every ISA.
#pragma once

#include <cstdint>

namespace thimble {

struct ReduceKernels {
  const char* name = nullptr;
  float (*sum_f32)(const float* x, int64_t n) = nullptr;
  float (*dot_f32)(const float* x, const float* y, int64_t n) = nullptr;
  // Greatest and least; NaN if any value is; −inf and +inf for n = 0.
  float (*max_f32)(const float* x, int64_t n) = nullptr;
  float (*min_f32)(const float* x, int64_t n) = nullptr;
  bool (*all_finite_f32)(const float* x, int64_t n) = nullptr;
  // acc[j] += Σ_m x[m·ldx + j], m ascending (bias gradients, sums over leading dimensions).
  void (*sum_rows_f32)(const float* x, int64_t rows, int64_t n, int64_t ldx, float* acc) = nullptr;
  // Row-wise softmax(beta·x) and log-softmax over n contiguous values, stabilised by the maximum.
  void (*softmax_f32)(const float* x, float* y, int64_t rows, int64_t n, float beta) = nullptr;
  void (*log_softmax_f32)(const float* x, float* y, int64_t rows, int64_t n) = nullptr;
};

}  // namespace thimble
