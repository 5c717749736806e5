// float32 matrix products, the workhorse of convolutions and dense layers, forward and backward.
// Sums run over taps and k in ascending order, each step one fused multiply-add into one
// accumulator per output element, so a result depends neither on tile, split or thread nor on the
// instruction set.
#pragma once

#include <cstdint>

namespace thimble {

// Forward: for each row m < m_count and column j < n
//   c[m·ldc + j] = clamp(start + Σ_t Σ_i A(m,t)[i] · B[t·k + i][j], lo, hi)
// with start = c's old value if accumulate, else bias[j] (0 where bias is null).
// A(m,t) is a run of k floats:
//   offsets == null: a + m·lda (taps is then 1: a plain matrix product)
//   otherwise        o = offsets[m·taps + t]; o >= 0: a + o, o < 0: the k zeros at `zeros` (padding).
// An im2col is never made: a convolution gives one offset per output pixel and kernel tap.
// With `tap_list` the rows of one call are the same pixel of different images: taps counts its
// entries, entry e is the pair {offset o, tap t}; A(m,e) = a + m·lda + o and its rows of B begin at
// t·k, of b_rows in all. Taps that fall on padding are left out of the list, so they cost nothing.
// With `mask` the final sum passes only where mask_lo < mask < mask_hi, and becomes 0 elsewhere: the
// gradient of a clamp whose output, laid out like c, is the mask.
struct GemmF32Args {
  int64_t m = 0, n = 0, k = 0, taps = 1;
  const float* a = nullptr;
  int64_t lda = 0;
  const int32_t* offsets = nullptr;
  const float* zeros = nullptr;
  const int32_t* tap_list = nullptr;
  int64_t b_rows = 0;        // rows of packed b, where there is a tap list
  const float* b = nullptr;  // packed by pack_b
  const float* bias = nullptr;
  float* c = nullptr;
  int64_t ldc = 0;
  bool accumulate = false;
  float lo = -__builtin_inff(), hi = __builtin_inff();  // a NaN sum stays NaN
  const float* mask = nullptr;
  float mask_lo = 0, mask_hi = __builtin_inff();
};

// B's packed form is the kernel's own: panels of nr columns, the last one zero-padded, each panel
// holding its taps·k rows in order. Bytes: packed_b_floats(n, rows) · 4. A panel range [begin, end)
// of packing can be given to different threads.
struct PackBArgs {
  int64_t rows = 0;  // taps · k
  int64_t n = 0;
  const float* b = nullptr;
  int64_t row_stride = 0;     // element (r, j) is b[r·row_stride + j·column_stride]
  int64_t column_stride = 1;  // dense weights [n, k] give row_stride 1, column_stride k
  float* packed = nullptr;
};

// Weight gradient: for each tap t < taps, i < k, j < n
//   c[(t·k + i)·ldc + j] (+)= Σ_{m} A(m,t)[i] · B[m·ldb + j],   m ascending
// A(m,t) is a run of k floats: a + m·lda without offsets (taps is then 1), else
// a + offsets[m·offset_stride + t]; where that offset is negative, m contributes nothing to tap t.
// A convolution gives all its taps in one call (offset_stride = taps), or one tap t at a time
// (offsets + t, offset_stride = taps, taps = 1). accumulate adds to c's old value.
struct GemmTnF32Args {
  int64_t m = 0, k = 0, n = 0, taps = 1;
  const float* a = nullptr;
  int64_t lda = 0;
  const int32_t* offsets = nullptr;
  int64_t offset_stride = 1;
  const float* b = nullptr;
  int64_t ldb = 0;
  float* c = nullptr;
  int64_t ldc = 0;
  bool accumulate = false;
};

// A few rows times weights as they lie, without packing: for m < m_count and j < n
//   c[m·ldc + j] = clamp(Σ_i a[m·lda + i] · b[j·k + i] + bias[j], lo, hi)       (bias null: 0)
// Worth it where weights change at every run and would have to be packed for one or two rows. The order of the sum:
// sixteen partial sums, of i with equal i mod 16, ascending, one fused multiply-add a step; then
// halves are added (s[l] += s[l + 8], … 4, 2, 1); the bias comes last.
struct DotF32Args {
  int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  int64_t lda = 0;
  const float* b = nullptr;
  const float* bias = nullptr;
  float* c = nullptr;
  int64_t ldc = 0;
  float lo = -__builtin_inff(), hi = __builtin_inff();
};

struct GemmF32Kernels {
  const char* name = nullptr;
  int mr = 0, nr = 0;  // tile: splits at multiples of these cost nothing
  void (*run)(const GemmF32Args&) = nullptr;
  void (*pack_b)(const PackBArgs&) = nullptr;
  void (*run_tn)(const GemmTnF32Args&) = nullptr;
  void (*dot)(const DotF32Args&) = nullptr;
  // y[j·ldy + i] = x[i·ldx + j] for i < rows, j < columns.
  void (*transpose)(const float* x, int64_t rows, int64_t columns, int64_t ldx, float* y, int64_t ldy) = nullptr;

  int64_t packed_b_floats(int64_t n, int64_t rows) const { return (n + nr - 1) / nr * nr * rows; }
};

}  // namespace thimble
