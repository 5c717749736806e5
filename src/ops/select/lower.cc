#include <algorithm>

#include "ops/number_types.h"
#include "ops/select/select.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

struct Params {
  thimble_select plan;
  const uint8_t* c;
  const void *x, *y;
  void* to;
};

// One run. Where the condition stands still it is a copy; else the loop is a blend, which vectorises.
template <class T>
void choose(int64_t n, const uint8_t* c, int64_t sc, const T* x, int64_t sx, const T* y, int64_t sy, T* to) {
  if (sc == 0) {
    const T* from = *c ? x : y;
    const int64_t step = *c ? sx : sy;
    if (step == 1 && from != to) return void(std::copy_n(from, n, to));
    for (int64_t i = 0; i < n; ++i) to[i] = from[i * step];
    return;
  }
  if (sx == 1 && sy == 1) {
    for (int64_t i = 0; i < n; ++i) to[i] = c[i] ? x[i] : y[i];
  } else if (sx == 1) {
    const T one = *y;
    for (int64_t i = 0; i < n; ++i) to[i] = c[i] ? x[i] : one;
  } else if (sy == 1) {
    const T one = *x;
    for (int64_t i = 0; i < n; ++i) to[i] = c[i] ? one : y[i];
  } else {
    const T yes = *x, no = *y;
    for (int64_t i = 0; i < n; ++i) to[i] = c[i] ? yes : no;
  }
}

template <class T>
void run(const Params& p, int part, int parts) {
  const int last = p.plan.rank - 1;
  const int64_t sc = p.plan.c[last], sx = p.plan.x[last], sy = p.plan.y[last], n = p.plan.count[last];
  const auto *x = static_cast<const T*>(p.x), *y = static_cast<const T*>(p.y);
  auto* to = static_cast<T*>(p.to);
  if (p.plan.runs == 1) {
    const Range r = part_range(n, part, parts, 64);
    const int64_t at = r.begin;
    if (r.begin < r.end) choose(r.end - at, p.c + at * sc, sc, x + at * sx, sx, y + at * sy, sy, to + at);
    return;
  }
  const Range r = part_range(p.plan.runs, part, parts);
  for (int64_t o = r.begin; o < r.end; ++o) {
    const SelectOffsets at = select_offsets(p.plan, o);
    choose(n, p.c + at.c, sc, x + at.x, sx, y + at.y, sy, to + o * n);
  }
}

}  // namespace

Result<bool> select(LowerContext& ctx) {
  const int64_t n = ctx.out().shape.elements();
  if (n == 0) return false;
  const auto& plan = ctx.plan<thimble_select>();
  const int parts = ctx.parts_for(static_cast<double>(n) * 0.4 + static_cast<double>(plan.runs) * 8);
  Params* p = nullptr;
  with_width(plan.width, [&]<class T>(T) { p = ctx.step<run<T>>(parts); });
  p->plan = plan;
  ctx.bind_in(&p->c, 0);
  ctx.bind_in(&p->x, 1);
  ctx.bind_in(&p->y, 2);
  ctx.bind_out(&p->to);
  return true;
}

}  // namespace thimble::lowering
