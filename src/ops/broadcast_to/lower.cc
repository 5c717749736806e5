#include <algorithm>

#include "ops/binary/lower_runs.h"
#include "ops/broadcast_to/broadcast_to.h"
#include "ops/number_types.h"

namespace thimble::lowering {
namespace {

struct Params {
  Broadcast plan;
  const void* x;
  void* y;
};

template <class T>
void run(const Params& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t at_x, int64_t, int64_t at_y, int64_t n) {
    const T* x = static_cast<const T*>(p.x) + at_x;
    T* y = static_cast<T*>(p.y) + at_y;
    if (p.plan.a_step == 1)
      std::copy_n(x, n, y);
    else
      std::fill_n(y, n, *x);
  });
}

}  // namespace

Result<bool> broadcast_to(LowerContext& ctx) {
  const int64_t n = ctx.out().shape.elements();
  if (n == 0) return false;
  const auto& plan = ctx.plan<thimble_broadcast_to>();
  const int parts = ctx.parts_for(static_cast<double>(n * plan.width) * 0.05);
  Params* p = nullptr;
  with_width(plan.width, [&]<class T>(T) { p = ctx.step<run<T>>(parts); });
  p->plan = Broadcast(plan.broadcast);
  ctx.bind_in(&p->x, plan.source);
  ctx.bind_out(&p->y);
  return true;
}

}  // namespace thimble::lowering
