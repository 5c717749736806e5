// sparse_to_dense(indices, shape, values, default): `default` everywhere but at the indices.
//   indices  int32 or int64: [n, rank], or [n] (or a scalar) where y has one dimension
//   shape    constant int32 or int64 [rank]
//   values   [n], or a scalar for all places; any type of whole bytes; of several for one place the last stands
//   default  one element of that type
// An index outside is bad_file: found when the model is loaded where the indices are constant, else by the run, which
// then has no answer. Source: TensorFlow Lite SPARSE_TO_DENSE.
#pragma once

#include "ops/op.h"

typedef struct thimble_sparse_to_dense {
  thimble_dim count;   // of the indices
  thimble_dim rank;    // coordinates of each
  thimble_dim width;   // bytes of an element
  thimble_dim scalar;  // 1: one value for all
} thimble_sparse_to_dense;

namespace thimble {

struct SparseToDenseAttrs {
  bool validate_indices = false;  // says nothing: they always are
  template <class V>
  void fields(V& v) {
    v("validate_indices", validate_indices);
  }
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_sparse_to_dense& p) {
  v.number("of the indices", p.count);
  v.number("coordinates of each", p.rank);
  v.number("bytes of an element", p.width);
  v.number("1: one value for all", p.scalar);
}
