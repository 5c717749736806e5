#include "runtime/lower.h"
#include "ops/softmax/softmax.h"

namespace thimble::lowering {
namespace {

struct FloatParams {
  const ReduceKernels* kernels;
  thimble_softmax plan;
  const float* x;
  float* y;
  bool log;
};

void run_float(const FloatParams& p, int part, int parts) {
  const int64_t n = p.plan.n;
  const Range r = part_range(p.plan.rows, part, parts);
  if (r.begin == r.end) return;
  const float* x = p.x + r.begin * n;
  float* y = p.y + r.begin * n;
  if (p.log) {
    p.kernels->log_softmax_f32(x, y, r.end - r.begin, n);
  } else {
    p.kernels->softmax_f32(x, y, r.end - r.begin, n, p.plan.beta);
  }
}

// Bytes by the definition itself: its exponentials are tabled.
struct IntegerParams {
  thimble_softmax plan;
  const int8_t* x;
  int8_t* y;
};

template <bool kLog, int kFlip>
void run_integer(const IntegerParams& p, int part, int parts) {
  const Range r = part_range(p.plan.rows, part, parts);
  thimble_softmax plan = p.plan;
  plan.rows = r.end - r.begin;
  const int8_t* x = p.x + r.begin * plan.n;
  int8_t* y = p.y + r.begin * plan.n;
  return kLog ? thimble_log_softmax_bytes(&plan, x, y, kFlip) : thimble_softmax_bytes(&plan, x, y, kFlip);
}

struct GradParams {
  const ReduceKernels* kernels;
  const float *y, *dy;
  float* dx;
  int64_t rows, n;
  float beta;
};

void run_softmax_grad(const GradParams& p, int part, int parts) {
  const Range range = part_range(p.rows, part, parts);
  for (int64_t r = range.begin; r < range.end; ++r) {
    const float *y = p.y + r * p.n, *dy = p.dy + r * p.n;
    float* dx = p.dx + r * p.n;
    const float dot = p.kernels->dot_f32(y, dy, p.n), beta = p.beta;
    for (int64_t c = 0; c < p.n; ++c) dx[c] = beta * y[c] * (dy[c] - dot);
  }
}

Result<bool> lower_grad(LowerContext& ctx, float beta) {
  const Shape& shape = ctx.out().shape;
  auto* p = ctx.step<run_softmax_grad>(ctx.parts_for(static_cast<double>(shape.elements()) * 0.5));
  p->kernels = &ctx.kernels.reduce;
  p->n = shape.dim(-1);
  p->rows = p->n > 0 ? shape.elements() / p->n : 0;
  p->beta = beta;
  ctx.bind_in(&p->y, 0);
  ctx.bind_in(&p->dy, 1);
  ctx.bind_out(&p->dx);
  return true;
}

}  // namespace

Result<bool> softmax(LowerContext& ctx) {
  if (ctx.out().type == DType::i16) return false;  // the reference does it
  const auto& plan = ctx.plan<thimble_softmax>();
  const bool log = ctx.node.op == Op::log_softmax;
  const int parts = ctx.parts_for(static_cast<double>(plan.rows * plan.n) * 2);
  const auto bind = [&](auto* p) {
    p->plan = plan;
    ctx.bind_in(&p->x, 0);
    ctx.bind_out(&p->y);
  };
  if (ctx.in(0).type == DType::f32) {
    auto* p = ctx.step<run_float>(parts);
    p->kernels = &ctx.kernels.reduce;
    p->log = log;
    bind(p);
  } else if (ctx.in(0).type == DType::i8) {
    bind(log ? ctx.step<run_integer<true, 0>>(parts) : ctx.step<run_integer<false, 0>>(parts));
  } else {
    bind(log ? ctx.step<run_integer<true, 0x80>>(parts) : ctx.step<run_integer<false, 0x80>>(parts));
  }
  return true;
}
Result<bool> softmax_grad(LowerContext& ctx) { return lower_grad(ctx, ctx.node.attrs.as<SoftmaxAttrs>().beta); }

}  // namespace thimble::lowering
