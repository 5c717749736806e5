// cumsum(x, axis): running sums along one axis, from the last entry on with `reverse`, without the entry itself with
// `exclusive`.
//   x     float32, float64, int32, int64, rank 1 or more; axis: a constant int32, negative from the end
// Sums are formed in the type, in order; integers wrap. Source: TensorFlow Lite CUMSUM.
#pragma once

#include "ops/op.h"

struct thimble_cumsum {
  thimble_dim outer, depth, inner;
  int exclusive, reverse;
};

namespace thimble {

struct CumsumAttrs {
  bool exclusive = false, reverse = false;
  template <class V>
  void fields(V& v) {
    v("exclusive", exclusive);
    v("reverse", reverse);
  }
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_cumsum& p) {
  v.number("outer", p.outer);
  v.number("depth", p.depth);
  v.number("inner", p.inner);
  v.number("exclusive", p.exclusive);
  v.number("reverse", p.reverse);
}
