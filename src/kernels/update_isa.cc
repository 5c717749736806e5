// Optimiser steps, Keras 3 formulas (keras/src/optimizers), every operation rounded as there: no
// fused multiply-adds. The learning rate and the step's corrections come in p (update.h).
#include "kernels/update.h"

#include "kernels/f32_fill.h"
#include "kernels/vec.h"
#include "kernels/vec_math.h"

namespace thimble {
namespace {

// Calls step(i, run, w, g) per run; w has the decoupled weight decay applied; it stores what step
// returns.
template <class Step>
THIMBLE_INLINE void each(const UpdateArgs& u, Step step) {
  const F decay = set1(u.p[15]);
  const bool decays = u.p[15] != 0.0f;
  for_runs(u.n, [&](int64_t i, auto run) {
    F w = load(u.w + i, run);
    if (decays) w = w - w * decay;
    store(u.w + i, step(i, run, w, load(u.g + i, run)), run);
  });
}

// Without momentum w − lr·g; else v = momentum·v − lr·g, and w + v, or w + momentum·v − lr·g (Nesterov).
void sgd(const UpdateArgs& u) {
  const F lr = set1(u.p[0]), momentum = set1(u.p[1]);
  if (u.p[1] == 0.0f) return each(u, [&](int64_t, auto, F w, F g) { return w - g * lr; });
  const bool nesterov = u.p[2] != 0.0f;
  each(u, [&](int64_t i, auto run, F w, F g) {
    const F v = load(u.s0 + i, run) * momentum - g * lr;
    store(u.s0 + i, v, run);
    return nesterov ? w + (v * momentum - g * lr) : w + v;
  });
}

// v = rho·v + (1−rho)·g²;  centred: average = rho·average + (1−rho)·g, v − average² in the root;
// step = lr·g / √(v + eps);  mom = momentum·mom + step, w − mom.
void rmsprop(const UpdateArgs& u) {
  const F lr = set1(u.p[0]), rho = set1(u.p[1]), rest = set1(1.0f - u.p[1]), momentum = set1(u.p[2]);
  const F eps = set1(u.p[3]), zero = set1(0.0f);
  const bool has_momentum = u.p[2] > 0.0f, centered = u.p[4] != 0.0f;
  each(u, [&](int64_t i, auto run, F w, F g) {
    const F v = rho * load(u.s0 + i, run) + rest * (g * g);
    store(u.s0 + i, v, run);
    F root = v;
    if (centered) {
      const F average = rho * load(u.s2 + i, run) + rest * g;
      store(u.s2 + i, average, run);
      root = greater(v - average * average, zero);  // rounding can take it below 0, further than eps is above
    }
    F step = lr * g / sqrt(root + eps);
    if (has_momentum) {
      step = momentum * load(u.s1 + i, run) + step;
      store(u.s1 + i, step, run);
    }
    return w - step;
  });
}

// m += (g − m)·(1−b1);  v += (g² − v)·(1−b2);  w − m·alpha / (√v + eps);  AMSGrad: the largest v so far in the root
void adam(const UpdateArgs& u) {
  const F alpha = set1(u.p[0]), r1 = set1(u.p[1]), r2 = set1(u.p[2]), eps = set1(u.p[3]);
  const bool amsgrad = u.p[4] != 0.0f && u.s2;
  each(u, [&](int64_t i, auto run, F w, F g) {
    F m = load(u.s0 + i, run), v = load(u.s1 + i, run);
    m = m + (g - m) * r1;
    v = v + (g * g - v) * r2;
    store(u.s0 + i, m, run);
    store(u.s1 + i, v, run);
    if (amsgrad) {
      v = greater(load(u.s2 + i, run), v);
      store(u.s2 + i, v, run);
    }
    return w - m * alpha / (sqrt(v) + eps);
  });
}

// acc = rho·acc + (1−rho)·g²;  Δ = −√(accΔ + eps)·g / √(acc + eps);  accΔ = rho·accΔ + (1−rho)·Δ²
void adadelta(const UpdateArgs& u) {
  const F lr = set1(u.p[0]), rho = set1(u.p[1]), rest = set1(1.0f - u.p[1]), eps = set1(u.p[2]);
  each(u, [&](int64_t i, auto run, F w, F g) {
    const F acc = rho * load(u.s0 + i, run) + rest * (g * g);
    F acc_delta = load(u.s1 + i, run);
    const F delta = -(sqrt(acc_delta + eps) * g) / sqrt(acc + eps);
    acc_delta = rho * acc_delta + rest * (delta * delta);
    store(u.s0 + i, acc, run);
    store(u.s1 + i, acc_delta, run);
    return w + lr * delta;
  });
}

// acc += g²;  w − lr·g / √(acc + eps)
void adagrad(const UpdateArgs& u) {
  const F lr = set1(u.p[0]), eps = set1(u.p[1]);
  each(u, [&](int64_t i, auto run, F w, F g) {
    const F acc = load(u.s0 + i, run) + g * g;
    store(u.s0 + i, acc, run);
    return w - lr * g / sqrt(acc + eps);
  });
}

// m += (g − m)·(1−b1);  u = max(b2·u, |g|);  w − lr/(1−b1^t)·m / (u + eps)
void adamax(const UpdateArgs& u) {
  const F lr = set1(u.p[0]), rest = set1(1.0f - u.p[1]), b2 = set1(u.p[2]), eps = set1(u.p[3]);
  each(u, [&](int64_t i, auto run, F w, F g) {
    F m = load(u.s0 + i, run);
    m = m + (g - m) * rest;
    const F norm = greater(b2 * load(u.s1 + i, run), abs(g));
    store(u.s0 + i, m, run);
    store(u.s1 + i, norm, run);
    return w - lr * m / (norm + eps);
  });
}

// m, v as Adam's;  m̂ = u_{t+1}·m / (1 − Πu·u_{t+1}) + (1−u_t)·g / (1 − Πu);  v̂ = v / (1−b2^t);
// w − lr·m̂ / (√v̂ + eps)
void nadam(const UpdateArgs& u) {
  const F lr = set1(u.p[0]), r1 = set1(1.0f - u.p[1]), r2 = set1(1.0f - u.p[2]), eps = set1(u.p[3]);
  const F next = set1(u.p[5]), rest = set1(1.0f - u.p[4]);
  const F product_rest = set1(1.0f - u.p[6]), next_product_rest = set1(1.0f - u.p[7]), correction = set1(u.p[8]);
  each(u, [&](int64_t i, auto run, F w, F g) {
    F m = load(u.s0 + i, run), v = load(u.s1 + i, run);
    m = m + (g - m) * r1;
    v = v + (g * g - v) * r2;
    store(u.s0 + i, m, run);
    store(u.s1 + i, v, run);
    const F m_hat = next * m / next_product_rest + rest * g / product_rest;
    return w - m_hat * lr / (sqrt(v / correction) + eps);
  });
}

// x^y for x >= 0 (accumulators): square root where y = 1/2, else exp(y·log x); 0^y = 0.
THIMBLE_INLINE F power(F x, float y) {
  if (y == 0.5f) return sqrt(x);
  if (y == 0.0f) return set1(1.0f);
  return exp_f(log_f(x) * y);
}

// g' = g + 2·shrinkage·w;  linear += g' − (acc'^(−p) − acc^(−p))/lr·w with acc' = acc + g²;
// w = (clip(linear, ±l1) − linear) / (acc'^(−p)/lr + 2·l2).
// Keras has that for any rate. Where the rate changes, the paper (McMahan et al. 2013, σ = 1/η' − 1/η) has
// acc'^(−p)/lr − acc^(−p)/lr_before in place of the difference: with one rate for both, the weights would be
// multiplied by lr/lr_before in every step.
void ftrl(const UpdateArgs& u) {
  if (u.p[0] == 0.0f) return each(u, [](int64_t, auto, F w, F) { return w; });
  const bool moves = u.p[5] != 0.0f && u.p[5] != u.p[0];
  const F before = set1(moves ? u.p[5] : u.p[0]), beta = set1(moves ? u.p[6] : 0.0f);
  const F lr = set1(u.p[0]), l1 = set1(u.p[2]), l2 = set1(2.0f * u.p[3]), shrinkage = set1(2.0f * u.p[4]);
  const float exponent = -u.p[1];
  each(u, [&](int64_t i, auto run, F w, F g) {
    const F old = load(u.s0 + i, run), acc = old + g * g;
    const F root = power(acc, exponent);
    const F old_root = power(old, exponent);
    const F shift = moves ? root / lr - old_root / before + beta : (root - old_root) / lr;
    const F linear = load(u.s1 + i, run) + ((g + shrinkage * w) - shift * w);
    store(u.s0 + i, acc, run);
    store(u.s1 + i, linear, run);
    const F quadratic = root / lr + l2;  // 0: no gradient yet, and an accumulator that began at 0
    return select(quadratic == 0.0f, w, (clamp(linear, -l1, l1) - linear) / quadratic);
  });
}

// w − lr·sign(m·b1 + g·(1−b1));  m = m·b2 + g·(1−b2)
void lion(const UpdateArgs& u) {
  const F lr = set1(u.p[0]), b1 = set1(u.p[1]), r1 = set1(1.0f - u.p[1]), b2 = set1(u.p[2]);
  const F r2 = set1(1.0f - u.p[2]);
  each(u, [&](int64_t i, auto run, F w, F g) {
    const F m = load(u.s0 + i, run), c = m * b1 + g * r1;
    store(u.s0 + i, m * b2 + g * r2, run);
    return w - lr * select(c == 0.0f, c, copysign(set1(1.0f), c));
  });
}

}  // namespace

void THIMBLE_FILL(update)(UpdateKernels& table) {
  table.name = THIMBLE_ISA_STRING;
  const auto set = [&](UpdateRule rule, void (*step)(const UpdateArgs&)) { table.step[static_cast<int>(rule)] = step; };
  set(UpdateRule::sgd, sgd);
  set(UpdateRule::rmsprop, rmsprop);
  set(UpdateRule::adam, adam);
  set(UpdateRule::adadelta, adadelta);
  set(UpdateRule::adagrad, adagrad);
  set(UpdateRule::adamax, adamax);
  set(UpdateRule::nadam, nadam);
  set(UpdateRule::ftrl, ftrl);
  set(UpdateRule::lion, lion);
}

}  // namespace thimble
