#include "runtime/lower.h"
#include "ops/dropout/dropout.h"

namespace thimble::lowering {
namespace {

struct Params {
  const MapKernels* kernels;
  DropoutAttrs attrs;
  const float* x;
  const void* step;
  float* y;
  int64_t n;
  bool wide;
};

void run(const Params& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  const int64_t step = p.wide ? *static_cast<const int64_t*>(p.step) : *static_cast<const int32_t*>(p.step);
  if (r.begin >= r.end) return;
  const DropoutMask mask(p.attrs, step);
  p.kernels->dropout_f32(p.x, p.y, r.begin, r.end, mask.key, mask.threshold, mask.scale);
}

}  // namespace

Result<bool> dropout(LowerContext& ctx) {
  auto* p = ctx.step<run>(ctx.parts_for(static_cast<double>(ctx.out().shape.elements()) * 0.3));
  p->kernels = &ctx.kernels.map;
  p->attrs = ctx.node.attrs.as<DropoutAttrs>();
  p->n = ctx.out().shape.elements();
  p->wide = ctx.in(1).type == DType::i64;
  ctx.bind_in(&p->x, 0);
  ctx.bind_in(&p->step, 1);
  ctx.bind_out(&p->y);
  return true;
}

}  // namespace thimble::lowering
