// The unary functions of wider integers (unary.h: which).
//   int16 with scales, zero points 0: relu, relu6 and leaky_relu rescale as 8 bits do, abs too where the scales differ;
//   exp, log, gelu and rsqrt are tables of 513 entries (ops/lut16.h), log of what is not positive giving the lowest
//   value and rsqrt the highest; sqrt cuts √(s·q) / s' toward zero, of negative values it is 0; sigmoid and tanh bring
//   q to 1/(3 · 4096) by a multiplier of 15 bits and go along a table of σ(i/24), output scale 1/32768. float16: neg,
//   sin, cos, floor, round, tanh and sigmoid, the value in double precision rounded by way of float32; gelu rounded
//   after every step. Without scales: neg of int16, int32, int64; abs of int16, int32; sign of int32;
//   zeros_like of int32, int64. float64: all of them, the value in double precision. They wrap: −(−2^31) is −2^31. neg
//   does not look at scales.
// Source: TensorFlow Lite's reference kernels.
#pragma once

#include "ops/unary/unary.h"

struct thimble_unary_wide {
  thimble_dim n;
  int32_t lo, hi;
  int32_t multiplier, below_multiplier;  // of values, and of those below zero
  int shift, below_shift;
  int negative_below;  // the slope below zero is
  float x_scale, y_scale;
  const int32_t* table;
};

namespace thimble {

Status infer_unary_wide(InferContext& ctx);
void unary_wide(const RefCall& call);

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_unary_wide& p) {
  v.number("elements", p.n);
  v.number("low", p.lo);
  v.number("high", p.hi);
  v.number("multiplier", p.multiplier);
  v.number("multiplier below zero", p.below_multiplier);
  v.number("shift", p.shift);
  v.number("shift below zero", p.below_shift);
  v.number("negative below zero", p.negative_below);
  v.real("scale of x", p.x_scale);
  v.real("scale", p.y_scale);
}
