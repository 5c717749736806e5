#include "runtime/lower.h"
#include "ops/relu_grad/relu_grad.h"

namespace thimble::lowering {
namespace {

struct Params {
  const MapKernels* kernels;
  const float *y, *dy;
  float* dx;
  int64_t n;
  float lo, hi;
};

void run(const Params& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  p.kernels->clamp_grad_f32(p.y + r.begin, p.dy + r.begin, p.dx + r.begin, r.end - r.begin, p.lo, p.hi);
}

}  // namespace

Result<bool> relu_grad(LowerContext& ctx) {
  const int64_t n = ctx.out().shape.elements();
  auto* p = ctx.step<run>(ctx.parts_for(static_cast<double>(n) * 0.15));
  p->kernels = &ctx.kernels.map;
  p->n = n;
  activation_range(ctx.node.attrs.as<ReluGradAttrs>().activation, &p->lo, &p->hi);
  ctx.bind_in(&p->y, 0);
  ctx.bind_in(&p->dy, 1);
  ctx.bind_out(&p->dx);
  return true;
}

}  // namespace thimble::lowering
