// How the lowerings of broadcasting operators share their work between threads.
#pragma once

#include "ops/broadcast.h"
#include "runtime/lower.h"

namespace thimble::lowering {

// One part's share as f(a offset, b offset, y offset, count): whole runs where there are many,
// pieces of the run where there is one.
template <class F>
void each_run(const Broadcast& plan, int part, int parts, F f) {
  if (plan.outer == 1) {
    const Range r = part_range(plan.inner, part, parts, 64);
    if (r.begin < r.end) f(r.begin * plan.a_step, r.begin * plan.b_step, r.begin, r.end - r.begin);
    return;
  }
  const Range r = part_range(plan.outer, part, parts);
  for (int64_t o = r.begin; o < r.end; ++o) {
    const auto at = plan.at(o);
    f(at.a, at.b, o * plan.inner, plan.inner);
  }
}

// The same as f(a offset, b offset, y offset, rows, count of a row): rows follow each other in the innermost of the
// outer dimensions, whose strides are the plan's last.
template <class F>
void each_block(const Broadcast& plan, int part, int parts, F f) {
  if (plan.outer == 1) {
    const Range r = part_range(plan.inner, part, parts, 64);
    if (r.begin < r.end) f(r.begin * plan.a_step, r.begin * plan.b_step, r.begin, 1, r.end - r.begin);
    return;
  }
  const int64_t rows = plan.dims[plan.rank - 1];
  const Range r = part_range(plan.outer, part, parts);
  for (int64_t o = r.begin; o < r.end;) {
    const int64_t count = std::min(rows - o % rows, r.end - o);
    const auto at = plan.at(o);
    f(at.a, at.b, o * plan.inner, count, plan.inner);
    o += count;
  }
}

}  // namespace thimble::lowering
