#include "runtime/lower.h"
#include "ops/optimizer/optimizer.h"

namespace thimble::lowering {
namespace {

struct Params {
  void (*step)(const UpdateArgs&);
  UpdateArgs args;
};

void run(const Params& p, int part, int parts) {
  const Range r = part_range(p.args.n, part, parts, 64);
  if (r.begin == r.end) return;
  UpdateArgs a = p.args;
  a.n = r.end - r.begin;
  a.w += r.begin;
  a.g += r.begin;
  for (float** state : {&a.s0, &a.s1, &a.s2})
    if (*state) *state += r.begin;
  p.step(a);
}

}  // namespace

Result<bool> optimizer_update(LowerContext& ctx) {
  const int64_t n = ctx.in(0).shape.elements();
  const bool plain = static_cast<UpdateRule>(ctx.node.attrs.as<OptimizerAttrs>().rule) == UpdateRule::sgd;
  auto* p = ctx.step<run>(ctx.parts_for(static_cast<double>(n) * (plain ? 0.12 : 0.5)));
  p->step = ctx.kernels.update.step[ctx.node.attrs.as<OptimizerAttrs>().rule];
  p->args.n = n;
  ctx.bind_in(&p->args.w, 0);
  ctx.bind_in(&p->args.g, 1);
  ctx.bind_in(&p->args.p, 2);
  ctx.bind_in(&p->args.s0, 3);
  ctx.bind_in(&p->args.s1, 4);
  ctx.bind_in(&p->args.s2, 5);
  return p->step != nullptr;
}

}  // namespace thimble::lowering
