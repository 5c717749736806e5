// pad: y = x with rows of one value added before and after in every dimension.
//   x         any type of whole bytes, rank 1 to 8
//   paddings  constant int32/int64 [rank, 2]: how many before, how many after; not negative
//   value     optional, one element of x's type (PADV2); else 0, quantised types: the zero point
// Quantised: input and output (and value) have the same quantisation. Source: TensorFlow Lite PAD, PADV2.
#pragma once

#include "graph/graph.h"
#include "ops/strided_copy.h"

namespace thimble {

struct PadAttrs {
  template <class V>
  void fields(V&) {}
};

// The copy of x into the middle of y; `before` per dimension.
StridedCopy plan_pad(const Shape& x, const Shape& y, std::span<const int64_t> before, int64_t width);
// Column `before` of a paddings tensor's data (int32 or int64), `rank` rows.
std::array<int64_t, Shape::kMaxRank> pad_before(DType type, const void* paddings, int rank);
// The element that a pad without a value fills with, `width` bytes of it used.
std::array<uint8_t, 8> pad_zero(DType type, const Quantization& quant);

}  // namespace thimble
