// arg_max(x, axis), arg_min(x, axis): where along the axis the largest (smallest) value lies, the first of equal ones.
//   x     float32, int8, uint8, int32, bool; raw values are compared. NaN is in no order: it wins in the first place
//   alone axis  a constant int32 or int64, negative from the end; its length is at least 1 y     int32, or int64 with
//   `wide`, of x's shape without the axis
// Source: TensorFlow Lite ARG_MAX, ARG_MIN.
#pragma once

#include "ops/arg_max/kernel.h"
#include "ops/op.h"

namespace thimble {

struct ArgMaxAttrs {
  bool wide = false;
  template <class V>
  void fields(V& v) {
    v("wide", wide);
  }
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_arg_max& p) {
  v.number("outer", p.outer);
  v.number("depth", p.depth);
  v.number("inner", p.inner);
}
