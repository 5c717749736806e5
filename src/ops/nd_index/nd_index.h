// gather_nd(x, indices): slices of x at places with several coordinates.
//   x        [d0 … dk−1, i…], any type of whole bytes
//   indices  [p…, k], int32, int64 or int16: coordinates in the first k dimensions of x
//   y        [p…, i…], of x's type and quantisation
// scatter_nd(indices, updates, shape): zeros of `shape` plus every update at its place, in order.
//   indices  [p…, k], int32 or int64;  updates [p…, i…], float32, integers or bool (which are joined by or)
//   shape    constant [d0 … dk−1, i…]
// Integers wrap. A coordinate outside its dimension is bad_file: found when the model is loaded where the indices are
// constant, else by the run, which then has no answer. Source: TensorFlow Lite GATHER_ND, SCATTER_ND.
#pragma once

#include "ops/nd_index/kernel.h"
#include "ops/op.h"

namespace thimble {

struct NdIndexAttrs {
  template <class V>
  void fields(V&) {}
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_nd_index& p) {
  v.number("count", p.count);
  v.number("depth", p.depth);
  fields(v, "sizes", p.sizes, THIMBLE_MAX_RANK);
  v.number("bytes of a slice", p.bytes);
}
