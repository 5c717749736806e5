// Tensors of 4-bit integers: how two of them lie in a byte, and back to int8, in which everything here
// computes. Element 2i is the low half of byte i, element 2i + 1 the high half (TensorFlow Lite's INT4).
#pragma once

#include "graph/graph.h"

namespace thimble {

// Values in [−8, 7]; the unused half of a last odd byte is 0.
Data pack_int4(std::span<const int8_t> values);
// `count` values; bytes hold at least (count + 1) / 2.
std::vector<int8_t> unpack_int4(std::span<const uint8_t> bytes, int64_t count);

// An int8 tensor with constant data, stored in 4 bits.
Tensor as_int4(const Tensor& int8);
// Makes every constant of 4 bits one of 8, same values and scales. Returns how many there were.
int widen_int4(Graph& graph);

}  // namespace thimble
