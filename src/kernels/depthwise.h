// Depthwise convolution (depth multiplier 1), channels innermost. Pixel tables as in gemm_f32.h:
// offsets[m·taps + t] is the element offset of tap t of output pixel m, negative = padding.
#pragma once

#include <cstdint>

#include "kernels/gemm_s8.h"

namespace thimble {

// y[m·ldy + c] = clamp(bias[c] + Σ_t x_t[c] · w[t·channels + c], lo, hi), taps ascending, FMA.
struct DepthwiseF32Args {
  int64_t m = 0, channels = 0, taps = 0;
  const float* x = nullptr;
  const int32_t* offsets = nullptr;
  const float* w = nullptr;     // [taps, channels]
  const float* bias = nullptr;  // channels, or null
  float* y = nullptr;
  int64_t ldy = 0;
  float lo = -__builtin_inff(), hi = __builtin_inff();
};

// dw[t·channels + c] += Σ_m x_t[m][c] · dy[m·lddy + c], m ascending (padding adds nothing).
struct DepthwiseGradWF32Args {
  int64_t m = 0, channels = 0, taps = 0;
  const float* x = nullptr;
  const int32_t* offsets = nullptr;
  const float* dy = nullptr;
  int64_t lddy = 0;
  float* dw = nullptr;
};

// acc = bias[c] + Σ_t (x_t[c] − zero_point) · w[t·channels + c]; padding contributes 0. Requantised
// as in gemm_s8.h. x is int8 (plain form) unless x_unsigned (legacy uint8 activations).
struct DepthwiseS8Args {
  int64_t m = 0, channels = 0, taps = 0;
  const uint8_t* x = nullptr;
  bool x_unsigned = false;
  int32_t zero_point = 0;
  const int32_t* offsets = nullptr;
  const int8_t* w = nullptr;  // [taps, channels], zero point 0
  const int32_t* bias = nullptr;
  RequantArgs requant;
  uint8_t* y = nullptr;
  int64_t ldy = 0;
};

struct DepthwiseKernels {
  const char* name = nullptr;
  void (*f32)(const DepthwiseF32Args&) = nullptr;
  void (*grad_w_f32)(const DepthwiseGradWF32Args&) = nullptr;
  void (*s8)(const DepthwiseS8Args&) = nullptr;
};

}  // namespace thimble
