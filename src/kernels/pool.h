// Pooling over pixel tables (offsets[m·taps + t], element offsets, negative = outside the image).
#pragma once

#include <cstdint>

namespace thimble {

// Maximum as TFLite: a NaN never wins, an empty window gives −FLT_MAX; the average of none is 0.
struct PoolF32Args {
  int64_t m = 0, channels = 0, taps = 0;
  const float* x = nullptr;
  const int32_t* offsets = nullptr;
  float* y = nullptr;  // [m, channels]
  float lo = -__builtin_inff(), hi = __builtin_inff();
};

// Max pooling's gradient: for each output the first tap (lowest t) holding the maximum gets dy.
// dx must be zeroed by the caller; taps of one call may overlap. With `disjoint` no element of dx is
// under two windows: those under one are written, the others left alone, and nothing needs zeroing
// but those. x may be what a clamp gave: only where lo < x < hi does its gradient pass.
struct MaxPoolGradF32Args {
  int64_t m = 0, channels = 0, taps = 0;
  const float* x = nullptr;
  const int32_t* offsets = nullptr;
  const float* dy = nullptr;
  float* dx = nullptr;
  bool disjoint = false;
  float lo = -__builtin_inff(), hi = __builtin_inff();
};

struct PoolS8Args {
  int64_t m = 0, channels = 0, taps = 0;
  const uint8_t* x = nullptr;
  bool x_unsigned = false;  // legacy uint8 tensors, or int8 ones moved up by 128; otherwise int8
  const int32_t* offsets = nullptr;
  uint8_t* y = nullptr;
  int32_t lo = -128, hi = 127;
  // average_s8 alone: the average is that of the values less zero_point, and flip is xor-ed onto the byte stored.
  int32_t zero_point = 0;  // 0 … 255
  uint8_t flip = 0;
};

struct PoolKernels {
  const char* name = nullptr;
  void (*max_f32)(const PoolF32Args&) = nullptr;
  void (*average_f32)(const PoolF32Args&) =
      nullptr;  // sum of the taps inside, in order, times 1/count … as sum / count
  void (*max_grad_f32)(const MaxPoolGradF32Args&) = nullptr;
  void (*max_s8)(const PoolS8Args&) = nullptr;
  void (*average_s8)(const PoolS8Args&) = nullptr;  // TFLite: round half away from zero of sum / count
};

}  // namespace thimble
