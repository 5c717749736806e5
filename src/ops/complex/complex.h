// real, imag, complex_abs: complex64 → float32, one part of each number, or its absolute value as hypotf gives it.
// Source: TensorFlow Lite REAL, IMAG, COMPLEX_ABS.
#pragma once

#include "ops/op.h"

struct thimble_complex {
  thimble_dim n;
};

inline void fields(thimble::PlanVisitor& v, const thimble_complex& p) { v.number("elements", p.n); }
