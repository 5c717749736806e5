// transpose: y's dimension d is x's dimension perm[d].
//   x     any type of whole bytes
//   perm  constant int32/int64, a permutation of 0 … rank−1 (negative: from the end)
// Quantisation of input and output is the same; per-axis quantisation is not moved. Source: TensorFlow
// Lite TRANSPOSE.
#pragma once

#include "graph/graph.h"
#include "ops/axes.h"
#include "ops/strided_copy.h"

namespace thimble {

struct TransposeAttrs {
  template <class V>
  void fields(V&) {}
};

// The copy; perm has been checked. y's shape is known.
StridedCopy plan_transpose(const Shape& x, const Shape& y, const IntList& perm, int64_t width);

}  // namespace thimble
