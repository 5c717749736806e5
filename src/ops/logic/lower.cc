#include "ops/binary/lower_runs.h"
#include "ops/logic/logic.h"

namespace thimble::lowering {
namespace {

struct Params {
  Broadcast plan;
  const uint8_t *a, *b;
  uint8_t* y;
};

// Of bools; the loops have steps of 0 and 1 for all to see, so that they vectorise.
template <Op kOp>
void run_bools(const Params& p, int part, int parts) {
  const auto f = [](uint8_t u, uint8_t v) -> uint8_t {
    return kOp == Op::logical_and ? (u != 0) & (v != 0) : kOp == Op::logical_or ? (u != 0) | (v != 0) : u == 0;
  };
  each_run(p.plan, part, parts, [&](int64_t at_a, int64_t at_b, int64_t at_y, int64_t n) {
    const uint8_t *a = p.a + at_a, *b = p.b + at_b;
    uint8_t* y = p.y + at_y;
    if (p.plan.a_step == 1 && p.plan.b_step == 1) {
      for (int64_t i = 0; i < n; ++i) y[i] = f(a[i], b[i]);
    } else {  // and, or: the operands change places; logical_not has equal steps
      const uint8_t* many = p.plan.a_step == 1 ? a : b;
      const uint8_t one = p.plan.a_step == 1 ? b[0] : a[0];
      const int64_t step = p.plan.a_step | p.plan.b_step;
      for (int64_t i = 0; i < n; ++i) y[i] = f(many[i * step], one);
    }
  });
}

}  // namespace

// bitwise_xor and right_shift are rare: the reference does them.
Result<bool> logic(LowerContext& ctx) {
  const auto& f = ctx.plan<thimble_logic>();
  const int64_t n = f.broadcast.outer * f.broadcast.inner;
  if (n == 0 || ctx.in(0).type != DType::boolean) return false;
  const int parts = ctx.parts_for(static_cast<double>(n) * 0.2);
  Params* p = ctx.node.op == Op::logical_and  ? ctx.step<run_bools<Op::logical_and>>(parts)
              : ctx.node.op == Op::logical_or ? ctx.step<run_bools<Op::logical_or>>(parts)
                                              : ctx.step<run_bools<Op::logical_not>>(parts);
  p->plan = Broadcast(f.broadcast);
  ctx.bind_in(&p->a, 0);
  ctx.bind_in(&p->b, ctx.node.op == Op::logical_not ? 0 : 1);
  ctx.bind_out(&p->y);
  return true;
}

}  // namespace thimble::lowering
