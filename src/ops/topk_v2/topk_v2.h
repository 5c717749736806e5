// topk_v2(x, k): the k largest entries of the last axis, the largest first, and where they stood.
//   x  float32, int8, uint8, int16, int32 or int64, of rank 1 or more
//   k  constant int32 or int16, one number, 0 … the length of the axis
//   values  of x's type and quantisation; indices int32 (int16 where the tensor is declared so)
// Of equal entries the first stands first; NaN stands behind all numbers. Source: TensorFlow Lite TOPK_V2.
#pragma once

#include "ops/op.h"

typedef struct thimble_topk {
  thimble_dim rows, columns, k;
} thimble_topk;

namespace thimble {

struct TopkAttrs {
  template <class V>
  void fields(V&) {}
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_topk& p) {
  v.number("rows", p.rows);
  v.number("columns", p.columns);
  v.number("k", p.k);
}
