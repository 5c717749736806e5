// Scales, zero points and the quantised form of constants.
#pragma once

#include "compress/observer.h"
#include "graph/graph.h"

namespace thimble {

// Asymmetric int8 for values in `range`, widened to include 0: scale = (max − min) / 255; the zero point
// is rounded from the end of the range with the smaller error, so that 0 is exact. The range {0, 0}
// gives scale 1. Source: the rule of TensorFlow Lite's converter (nudged zero point).
Quantization activation_quantization(ValueRange range);

// The same scale for uint8 (the zero point moves by 128).
Quantization as_uint8(const Quantization& int8);

// float32 values as int8 with one scale and zero point, rounded half away from zero and saturated as
// the operator `quantize` does.
Tensor quantize_constant(const Tensor& values, const Quantization& q);

// Symmetric int8 weights in [−127, 127], zero point 0, scale = max|w| / 127, rounded half away from
// zero; one scale per slice of `axis`, or one for all where axis is −1. A slice of zeros gets the
// largest scale of the others (1 if there are none).
// `bias` (may be null) and `x_scale`, for integer operators: a slice's scale grows until its bias fits
// 2^30 quanta of x_scale·scale, and a slice of zeros gets the scale at which it has 2^20.
Tensor quantize_weights(const Tensor& weights, int axis, const Tensor* bias = nullptr, double x_scale = 0);

// int32 bias with scale x_scale · w.scale[c], as many scales as the weights have.
Tensor quantize_bias(const Tensor& bias, float x_scale, const Quantization& w);

}  // namespace thimble
