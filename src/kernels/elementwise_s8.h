// Elementwise int8 arithmetic with TFLite's integer results, over rows; an operand of step 0 is one value for
// a whole row and one of row stride 0 the same row every time, which is how broadcasts are cut into calls.
// In-place use (y == a or y == b, step 1, row stride n) is allowed.
//
// With S(x, m, s) = the double rounding of gemm_s8.h (multiplier m, shift s, −31 … 30) and
// clamp(v) = min(max(v, lo), hi):
//   add: y = clamp(S(S((a − za) · 2^left, ma, sa) + S((b − zb) · 2^left, mb, sb), m, s) + zero_point)
//   sub: the same with the second term subtracted
//   mul: y = clamp(S((a − za) · (b − zb), m, s) + zero_point)
// int32 sums wrap as two's complement. TFLite's left is 20 for bytes.
#pragma once

#include <cstdint>

namespace thimble {

struct ElementwiseS8Args {
  int64_t rows = 1, n = 0;  // y[rows, n] lies densely; element (r, i) of a is a[r·a_row + i·a_step]
  const uint8_t* a = nullptr;
  const uint8_t* b = nullptr;
  int a_step = 1, b_step = 1;    // 0 or 1
  int64_t a_row = 0, b_row = 0;  // any
  bool bytes_unsigned = false;   // a and b: legacy uint8 tensors, or int8 ones moved up by 128; otherwise int8
  uint8_t* y = nullptr;
  int32_t a_zero_point = 0, b_zero_point = 0;
  int left_shift = 20;                                // add, sub; 0 … 22
  int32_t a_multiplier = 0, b_multiplier = 0;         // add, sub
  int32_t a_shift = 0, b_shift = 0;                   // add, sub
  int32_t multiplier = 0, shift = 0, zero_point = 0;  // of the result
  int32_t lo = -128, hi = 127;
  uint8_t flip = 0;  // xor-ed onto the byte stored, as in gemm_s8.h
};

struct ElementwiseS8Kernels {
  const char* name = nullptr;
  void (*add)(const ElementwiseS8Args&) = nullptr;
  void (*sub)(const ElementwiseS8Args&) = nullptr;
  void (*mul)(const ElementwiseS8Args&) = nullptr;
};

}  // namespace thimble
