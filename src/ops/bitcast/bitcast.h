// bitcast(x): the same bytes as another type, which the output's declared type says. A wider type takes the last axis,
// which must be as long as the ratio of the widths; a narrower one adds an axis of that length. Types of whole bytes.
// Source: TensorFlow Lite BITCAST.
#pragma once

#include "ops/op.h"

struct thimble_bitcast {
  thimble_dim bytes;
};

inline void fields(thimble::PlanVisitor& v, const thimble_bitcast& p) { v.number("bytes", p.bytes); }
