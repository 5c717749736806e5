// l2_normalization(x): rows along the last axis divided by their length, y = x / √Σx².
//   x, y  float32, int8 or uint8, one shape of rank 1 or more
// float32: a length below 1e-6 counts as that; squares are summed in double. 8 bits: the output has scale 1/128 and the
// zero point in the middle; Σ(q − zero)² is an integer whose inverse root is taken in fixed point (Q3.28, five Newton
// steps); int8 multiplies (q − zero) by it · 2^7, uint8 multiplies 128 · (q − zero), both with double rounding. Rows of
// more than 33,025 bytes, whose sum may overflow, are refused. A fused activation is, as LiteRT does.
// Source: TensorFlow Lite L2_NORMALIZATION.
#pragma once

#include "ops/op.h"

struct thimble_l2_normalization {
  thimble_dim rows, n;
  int32_t zero;
};

inline void fields(thimble::PlanVisitor& v, const thimble_l2_normalization& p) {
  v.number("rows", p.rows);
  v.number("elements of a row", p.n);
  v.number("zero point", p.zero);
}
