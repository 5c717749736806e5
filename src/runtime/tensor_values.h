// What a network's inputs and outputs hold, as floats: the one way in and out of tensors of any type.
#pragma once

#include <span>

#include "graph/graph.h"

namespace thimble {

// Puts preprocessed floats into an input tensor: q = round(x / scale) + zero point, within the type; what is not a
// number becomes 0 (the zero point). Integers without a scale take the numbers themselves.
void fill_input(const Tensor& tensor, std::span<const float> values, std::span<uint8_t> memory);

// The values of a tensor as floats: scale · (q − zero point); of complex numbers the real parts.
void read_output(const Tensor& tensor, std::span<const uint8_t> memory, std::span<float> values);

}  // namespace thimble
