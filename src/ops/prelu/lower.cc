#include "ops/binary/lower_runs.h"
#include "ops/prelu/prelu.h"

namespace thimble::lowering {
namespace {

struct Params {
  Broadcast plan;
  const float *x, *alpha, *dy;  // dy: the gradient's
  float* y;
};

void run(const Params& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t at, int64_t at_alpha, int64_t, int64_t n) {
    const float *x = p.x + at, *alpha = p.alpha + at_alpha;
    float* y = p.y + at;
    const int64_t step = p.plan.b_step;
    for (int64_t i = 0; i < n; ++i) y[i] = x[i] >= 0 ? x[i] : x[i] * alpha[i * step];
  });
}

void run_grad(const Params& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t at, int64_t at_alpha, int64_t, int64_t n) {
    const float *x = p.x + at, *alpha = p.alpha + at_alpha, *dy = p.dy + at;
    float* dx = p.y + at;
    const int64_t step = p.plan.b_step;
    for (int64_t i = 0; i < n; ++i) dx[i] = x[i] > 0 ? dy[i] : alpha[i * step] * dy[i];
  });
}

}  // namespace

Result<bool> prelu(LowerContext& ctx) {
  const Shape& shape = ctx.in(0).shape;
  if (ctx.in(0).type != DType::f32 || shape.elements() == 0) return false;
  auto* p = ctx.step<run>(ctx.parts_for(static_cast<double>(shape.elements()) * 0.6));
  p->plan = plan_broadcast(shape, ctx.in(1).shape, shape);
  ctx.bind_in(&p->x, 0);
  ctx.bind_in(&p->alpha, 1);
  ctx.bind_out(&p->y);
  return true;
}

Result<bool> prelu_grad(LowerContext& ctx) {
  const Shape& shape = ctx.in(0).shape;
  if (shape.elements() == 0) return false;
  auto* p = ctx.step<run_grad>(ctx.parts_for(static_cast<double>(shape.elements()) * 0.6));
  p->plan = plan_broadcast(shape, ctx.in(1).shape, shape);
  ctx.bind_in(&p->x, 0);
  ctx.bind_in(&p->alpha, 1);
  ctx.bind_in(&p->dy, 2);
  ctx.bind_out(&p->y);
  return true;
}

}  // namespace thimble::lowering
