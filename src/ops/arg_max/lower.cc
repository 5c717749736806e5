#include "runtime/lower.h"
#include "ops/arg_max/arg_max.h"
#include "ops/number_types.h"

namespace thimble::lowering {
namespace {

struct Params {
  thimble_arg_max plan;
  const void* x;
  void* y;
  bool wide;
};

// Rows along the last axis: the largest value first, by as many comparisons at once as the machine has, then where it
// lies. A NaN makes the two disagree, and the row is searched as the definition says.
template <class T, bool kLeast>
int64_t find(const T* x, int64_t n) {
  const auto better = [](T a, T b) { return kLeast ? a < b : a > b; };
  T best = x[0];
  for (int64_t i = 1; i < n; ++i) best = better(x[i], best) ? x[i] : best;
  for (int64_t i = 0; i < n; ++i)
    if (x[i] == best) return i;
  return 0;  // NaN in the first place, which nothing is better than
}

template <class T, bool kLeast>
void run(const Params& p, int part, int parts) {
  const auto* x = static_cast<const T*>(p.x);
  const Range r = part_range(p.plan.outer, part, parts);
  for (int64_t o = r.begin; o < r.end; ++o) {
    const int64_t at = find<T, kLeast>(x + o * p.plan.depth, p.plan.depth);
    if (p.wide)
      static_cast<int64_t*>(p.y)[o] = at;
    else
      static_cast<int32_t*>(p.y)[o] = static_cast<int32_t>(at);
  }
}

}  // namespace

// Along the last axis, as classifiers end; the reference does the others.
Result<bool> arg_max(LowerContext& ctx) {
  const auto& plan = ctx.plan<thimble_arg_max>();
  const DType type = ctx.in(0).type;
  if (plan.inner != 1 || plan.outer == 0 || type == DType::boolean) return false;
  const bool least = ctx.node.op == Op::arg_min;
  const int parts = ctx.parts_for(static_cast<double>(plan.outer * plan.depth) * 0.8);
  Params* p = nullptr;
  with_number(type, [&]<class T>(T) { p = least ? ctx.step<run<T, true>>(parts) : ctx.step<run<T, false>>(parts); });
  p->plan = plan;
  p->wide = ctx.out().type == DType::i64;
  ctx.bind_in(&p->x, 0);
  ctx.bind_out(&p->y);
  return true;
}

}  // namespace thimble::lowering
