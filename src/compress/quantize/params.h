// Scales, zero points and the quantised form of constants.
#pragma once

#include <span>

#include "compress/calibrate/observer.h"
#include "graph/graph.h"

namespace thimble {

// Below this the scale of an activation would make the multipliers of the next operator overflow.
inline constexpr float kSmallestScale = 4e-9f;

// Asymmetric int8 for values in `range`, widened to include 0: scale = (max − min) / 255; the zero point
// is rounded from the end of the range with the smaller error, so that 0 is exact. The range {0, 0}
// gives scale 1. Source: the rule of TensorFlow Lite's converter (nudged zero point).
// `scale_bits` as in short_scale, rounded up. `smallest`: for an output that nothing reads, any.
Quantization activation_quantization(ValueRange range, int scale_bits = 23, float smallest = kSmallestScale);

// Symmetric int16: scale = max|value| / 32767, zero point 0. The range {0, 0} gives scale 1.
Quantization wide_quantization(ValueRange range, int scale_bits = 23);

// A positive scale with so many bits of its mantissa below the leading one: 23 as it is, 0 a power of two; to the
// nearest, halves up, or to the next above.
float short_scale(float scale, int bits, bool up);

// The same scale for uint8 (the zero point moves by 128).
Quantization as_uint8(const Quantization& int8);

// float32 values as int8 with one scale and zero point, rounded half away from zero and saturated as
// the operator `quantize` does.
Tensor quantize_constant(const Tensor& values, const Quantization& q, DType type = DType::i8);  // int8 or int16

// The integers that weights of this many bits take: ±(2^(bits − 1) − 1) for 3 to 8, −2 … 1 for 2, and
// −1 … 1 (ternary) for 1.
struct Levels {
  int low = -127, high = 127;
};
Levels weight_levels(int bits);

struct WeightForm {
  int bits = 8;
  std::span<const float> scale;  // one per slice, where they are given (learned); empty: from the weights
  int scale_bits = 23;           // as in short_scale; upwards where a smaller scale would cut weights or biases off
};

// Symmetric weights as int8, zero point 0, rounded half away from zero and saturated to weight_levels;
// one scale per slice of `axis`, or one for all where axis is −1. Scales that are not given: max|w| / 127
// at 8 bits; at fewer the one with the least squared error that fit_scale finds. A slice of zeros gets
// the largest scale of the others (1 if there are none).
// `bias` (may be null) and `x_scale`, for integer operators: a slice's scale grows until its bias fits
// 2^30 quanta of x_scale·scale, and a slice of zeros gets the scale at which it has 2^20.
Tensor quantize_weights(const Tensor& weights, int axis, const Tensor* bias = nullptr, double x_scale = 0,
                        const WeightForm& form = {});

// A scale s for which Σ (w − s·q)², q = w / s rounded and saturated, is small: from several starts, the
// rounding for a scale and the best scale for a rounding in turns. 0 where all weights are 0.
double fit_scale(std::span<const float> weights, Levels levels);

// int32 bias with scale x_scale · w.scale[c], as many scales as the weights have. `bits` below 32: all are
// multiples of the smallest power of two by which the largest magnitude fits bits − 1 bits.
Tensor quantize_bias(const Tensor& bias, float x_scale, const Quantization& w, int bits = 32);
// The same in int64, of layers with int16 activations.
Tensor quantize_wide_bias(const Tensor& bias, float x_scale, const Quantization& w);

}  // namespace thimble
