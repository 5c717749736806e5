// transpose: y's dimension d is x's dimension perm[d].
//   x     any type of whole bytes
//   perm  constant int32/int64, a permutation of 0 … rank−1 (negative: from the end)
// Quantisation of input and output is the same; per-axis quantisation is not moved. Source: TensorFlow
// Lite TRANSPOSE.
#pragma once

#include "graph/graph.h"
#include "ops/strided_copy.h"
#include "ops/transpose/kernel.h"

namespace thimble {

struct TransposeAttrs {
  template <class V>
  void fields(V&) {}
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_transpose& p) { fields(v, "copy", p.copy); }
