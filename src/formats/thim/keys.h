// The values of a tensor as int32 keys in the order of the values: what the codings of constants work on.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace thimble::thim {

// Whether the type has keys: every one of at most 32 bits.
bool has_keys(DType type);
bool is_float(DType type);  // of those with keys
// The least and the greatest key of a type.
void key_range(DType type, int64_t* least, int64_t* greatest);
// float16 and float32: bits of the mantissa. The bits above it and below the sign are the exponent.
int mantissa_bits(DType type);

// Keys of float types order as the numbers do (−0 before 0): the pattern, with all bits but the sign turned over
// where it is negative. Patterns and keys are each other's image.
int32_t float_key(DType type, uint32_t pattern);
uint32_t float_pattern(DType type, int32_t key);

// False where the bytes hold more than the keys tell (the unused half byte of an odd int4 tensor is not 0).
bool keys_of(const Tensor& tensor, std::vector<int32_t>* keys);
Data data_of(const Tensor& tensor, const std::vector<int32_t>& keys);
// All elements are `key`.
Data filled(const Tensor& tensor, int32_t key);

}  // namespace thimble::thim
