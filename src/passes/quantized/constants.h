// Constants as TensorFlow Lite's integer operators take them: of one type of bytes, weights around 0, biases in the
// scale of the sums.
#pragma once

#include <optional>

#include "graph/graph.h"

namespace thimble {

// int8 as uint8, whose integers and zero points are 128 higher, and the other way round. Other types stay as they are.
Tensor in_bytes(const Tensor& constant, DType type);

// The same values as int8 with zero points 0, where all integers less their zero points fit. `weights` are integers
// with a scale, or one per slice of an axis.
std::optional<Tensor> symmetric_weights(const Tensor& weights);

// A bias in int32 with the scales x_scale · weights.scale: int32 that has them already stays as it is, other values
// (int32 with other scales, float32) are rounded to them. Nothing where one does not fit.
std::optional<Tensor> integer_bias(const Tensor& bias, float x_scale, const Quantization& weights);

// A float as an integer (int8, uint8, int16) that stands for it to seven digits: a constant operand without a scale.
std::optional<Tensor> integer_scalar(float value, DType type);

}  // namespace thimble
