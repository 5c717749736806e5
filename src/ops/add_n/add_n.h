// add_n(x0, x1, …): the sum of two or more operands of one shape and one type, float32 or int32, added in their order.
// float32: each partial sum is clamped to ±FLT_MAX. int32 wraps.
// Source: TensorFlow Lite ADD_N, on one thread.
#pragma once

#include "ops/op.h"

struct thimble_add_n {
  thimble_dim n;
};

inline void fields(thimble::PlanVisitor& v, const thimble_add_n& p) { v.number("elements", p.n); }
