// Elementwise functions over contiguous runs. In-place use (y == x or y == a) is allowed.
// Accuracy: add … square, sqrt exact as IEEE; transcendental functions ≤ 2 ULP of the double
// result over the whole range (selu 2.5), the same bits on every instruction set, NaN in gives NaN out, denormals kept,
// infinities as in <cmath>.
#pragma once

#include <cstdint>

#include "base/functions.h"

namespace thimble {

// dx = dy · f'(x), with f' from x, and y where it is cheaper (y is the forward result).
// Activation gradients at kinks follow Keras: relu'(0) = 0, relu6'(0) = relu6'(6) = 0, abs'(0) = 0.
// maximum is a > b ? a : b and minimum is a < b ? a : b: the second operand wins against NaN.
struct MapKernels {
  const char* name = nullptr;
  // y[i] = f(x[i]); alpha as marked above. Indexed by UnaryFn.
  void (*unary_f32[static_cast<int>(UnaryFn::count)])(const float* x, float* y, int64_t n, float alpha) = {};
  void (*unary_grad_f32[static_cast<int>(UnaryFn::count)])(const float* x, const float* y, const float* dy, float* dx,
                                                           int64_t n, float alpha) = {};
  // y[i] = clamp(f(a[i·sa], b[i·sb]), lo, hi), sa and sb 0 or 1. Indexed by BinaryFn.
  void (*binary_f32[static_cast<int>(BinaryFn::count)])(const float* a, int sa, const float* b, int sb, float* y,
                                                        int64_t n, float lo, float hi) = {};
  // dx[i] = lo < y[i] < hi ? dy[i] : 0, the gradient of a clamp from its output.
  void (*clamp_grad_f32)(const float* y, const float* dy, float* dx, int64_t n, float lo, float hi) = nullptr;
  // Element i in [begin, end) is kept, times scale, where its 16 bits (i mod 4, lowest first) of the hash
  // of its group of four are at least threshold, else 0. hash(i) is SplitMix64's finaliser of
  // key + (i − i mod 4) · 0x9e3779b97f4a7c15. begin is a multiple of 4.
  void (*dropout_f32)(const float* x, float* y, int64_t begin, int64_t end, uint64_t key, uint32_t threshold,
                      float scale) = nullptr;
  // y[i] = table[x[i]] over bytes (int8 functions through a 256-entry table indexed by x ^ flip).
  void (*lut_u8)(const uint8_t* x, uint8_t* y, int64_t n, const uint8_t table[256]) = nullptr;
  void (*f16_to_f32)(const uint16_t* x, float* y, int64_t n) = nullptr;
  // q = clamp(round_half_away(x / scale) + zero_point, -128, 127), as TFLite's QUANTIZE; NaN counts as 0.
  void (*quantize_s8)(const float* x, int8_t* y, int64_t n, float scale, int32_t zero_point) = nullptr;
  void (*dequantize_s8)(const int8_t* x, float* y, int64_t n, float scale, int32_t zero_point) = nullptr;
  // Symmetric row quantisation of hybrid operators (TFLite PortableSymmetricQuantizeFloats):
  // scale = max|x| / 127, q = round(x · 127 / max|x|) clamped to ±127, stored as q + 128 (biased
  // unsigned); an all-zero row gives scale 1 and q = 0. Returns the scale.
  float (*quantize_row)(const float* x, uint8_t* y, int64_t n) = nullptr;
  // The least and the largest of 0 and x; NaN is passed over.
  void (*range)(const float* x, int64_t n, float* lo, float* hi) = nullptr;
  // Asymmetric quantisation of hybrid operators (ops/hybrid.h): q = clamp(round(x · inverse) + zero_point, -128, 127),
  // halves away from zero, NaN counts as -128; stored as q + 128 (biased unsigned), or as the float q - zero_point.
  void (*quantize_shifted)(const float* x, uint8_t* y, int64_t n, float inverse, int32_t zero_point) = nullptr;
  void (*quantize_centred)(const float* x, float* y, int64_t n, float inverse, int32_t zero_point) = nullptr;
  // y[r·n + c] = clamp(y[r·n + c] · factor[c] + bias[c], lo, hi), each step rounded; no addition where bias is null.
  void (*scale_columns)(float* y, int64_t rows, int64_t n, const float* factor, const float* bias, float lo,
                        float hi) = nullptr;
};

}  // namespace thimble
