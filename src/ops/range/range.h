// range(start, limit, delta): start, start + delta, … up to the limit, which is left out.
//   operands  constant scalars of one type: float32, int32, int64; the result has that type, rank 1
// Integers have ⌈|limit − start| / |delta|⌉ entries; float32 as many by the quotient in float32, each formed by adding
// delta to the one before it. A delta of 0, or one that leads away from the limit, is bad_file.
// Source: TensorFlow Lite RANGE.
#pragma once

#include "ops/op.h"

struct thimble_range_of {
  thimble_dim n;
};

inline void fields(thimble::PlanVisitor& v, const thimble_range_of& p) { v.number("elements", p.n); }
