// gather(x, indices): entries of x along one axis, in the order of the indices.
//   x        [b…, o…, n, i…]: n is the length of `axis`, b… the first `batch_dims` axes; any type of whole bytes
//   indices  [b…, k…], int32 or int64, constant or not; 0 … n − 1
//   y        [b…, o…, k…, i…], of x's type and quantisation: y[b, o, k, i] = x[b, o, indices[b, k], i]
// Negative axes count from the end of x, negative batch_dims from the end of the indices. An index outside x is
// bad_file: found when the model is loaded where the indices are constant, else by the run, which then has no answer.
// Source: TensorFlow Lite GATHER.
//
// gather_grad(dy, indices) → dx in `shape`: zeros plus every dy at its index, added in order. float32.
#pragma once

#include "ops/gather/kernel.h"
#include "ops/op.h"

namespace thimble {

struct GatherAttrs {
  int axis = 0, batch_dims = 0;
  template <class V>
  void fields(V& v) {
    v("axis", axis);
    v("batch_dims", batch_dims);
  }
};

struct GatherGradAttrs {
  std::vector<int64_t> shape;  // of x
  int axis = 0, batch_dims = 0;
  template <class V>
  void fields(V& v) {
    v("shape", shape);
    v("axis", axis);
    v("batch_dims", batch_dims);
  }
};

// The operands' axes, counted from the front.
struct GatherAxes {
  int axis = 0, batch_dims = 0;
};
Result<GatherAxes> gather_axes(int axis, int batch_dims, const Shape& x, const Shape& indices);

inline int64_t gather_index(DType type, const void* indices, int64_t i) {
  return type == DType::i64 ? static_cast<const int64_t*>(indices)[i] : static_cast<const int32_t*>(indices)[i];
}

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_gather& p) {
  v.number("batches", p.batches);
  v.number("outer", p.outer);
  v.number("length", p.length);
  v.number("count", p.count);
  v.number("bytes of an entry", p.bytes);
}
