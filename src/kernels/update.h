// Optimiser steps over one parameter run, elementwise, Keras 3 formulas (design: numerics). All
// scalars that depend on the step number (bias corrections) are computed by the caller in double
// and passed as float.
#pragma once

#include <cstdint>

#include "base/functions.h"

namespace thimble {

// w: parameter, g: gradient (already scaled and clipped), s0..s2: state runs (null where unused).
// p[0] = learning rate; p[1..] per rule, named in update.cc next to each formula:
//   sgd      s0 momentum            p1 momentum, p2 nesterov (0/1)
//   rmsprop  s0 v, s1 momentum, s2 average   p1 rho, p2 momentum, p3 eps, p4 centered (0/1)
//   adam     s0 m, s1 v, s2 largest v (AMSGrad)   p0 lr·√(1−b2^t)/(1−b1^t), p1 1−b1, p2 1−b2, p3 eps, p4 amsgrad (0/1)
//   adadelta s0 acc grad², s1 acc Δ²   p1 rho, p2 eps
//   adagrad  s0 accumulator         p1 eps
//   adamax   s0 m, s1 u             p0 lr/(1−b1^t), p1 b1, p2 b2, p3 eps
//   nadam    s0 m, s1 v             p1 b1, p2 b2, p3 eps, p4 u_t, p5 u_{t+1}, p6 Πu, p7 Πu·u_{t+1}, p8 1−b2^t
//   ftrl     s0 accumulator, s1 linear   p1 lr_power, p2 l1, p3 l2 + beta/(2·lr), p4 shrinkage,
//            p5 learning rate of the step before (0: the same), p6 beta/lr − beta/p5; a step of rate 0 changes nothing
//   lion     s0 m                   p1 b1, p2 b2
// p[15] = decoupled weight decay factor lr·wd, applied first: w −= p[15]·w.
struct UpdateArgs {
  int64_t n = 0;
  float* w = nullptr;
  const float* g = nullptr;
  float* s0 = nullptr;
  float* s1 = nullptr;
  float* s2 = nullptr;
  const float* p = nullptr;  // 16 floats
};

struct UpdateKernels {
  const char* name = nullptr;
  void (*step[static_cast<int>(UpdateRule::count)])(const UpdateArgs&) = {};
};

}  // namespace thimble
