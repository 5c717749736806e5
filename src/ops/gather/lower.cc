#include <cstring>

#include "ops/gather/gather.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

struct Params {
  GatherPlan plan;
  int64_t bytes;  // of one entry
  bool wide;      // int64 indices
  const void* indices;
  const uint8_t* x;
  uint8_t* y;
  RunFault* fault;
};

// Entries of a size that is known when compiled are copied by one move.
template <class Index, class Copy>
void rows(const Params& p, int part, int parts, Copy copy) {
  const GatherPlan& g = p.plan;
  const auto* indices = static_cast<const Index*>(p.indices);
  const Range r = part_range(g.batches * g.outer, part, parts);
  for (int64_t row = r.begin; row < r.end; ++row) {
    const Index* own = indices + row / g.outer * g.count;
    const uint8_t* x = p.x + row * g.length * p.bytes;
    uint8_t* y = p.y + row * g.count * p.bytes;
    for (int64_t k = 0; k < g.count; ++k) {
      const int64_t at = own[k];
      if (at < 0 || at >= g.length)
        p.fault->index(at, g.length);
      else
        copy(y + k * p.bytes, x + at * p.bytes);
    }
  }
}

template <class Index>
void sized(const Params& p, int part, int parts) {
  switch (p.bytes) {
    case 1: return rows<Index>(p, part, parts, [](uint8_t* y, const uint8_t* x) { *y = *x; });
    case 4: return rows<Index>(p, part, parts, [](uint8_t* y, const uint8_t* x) { std::memcpy(y, x, 4); });
    default:
      return rows<Index>(p, part, parts,
                         [n = static_cast<size_t>(p.bytes)](uint8_t* y, const uint8_t* x) { std::memcpy(y, x, n); });
  }
}

void run(const Params& p, int part, int parts) {
  p.wide ? sized<int64_t>(p, part, parts) : sized<int32_t>(p, part, parts);
}

}  // namespace

// Rows of batches · outer are split over threads.
Result<bool> gather(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<GatherAttrs>();
  THIMBLE_ASSIGN(const GatherPlan plan, plan_gather(attrs.axis, attrs.batch_dims, ctx.in(0).shape, ctx.in(1).shape));
  if (ctx.out().shape.elements() == 0) return false;
  const double nanoseconds = static_cast<double>(ctx.out().shape.elements()) * 0.3;
  auto* p = ctx.step<run>(plan.batches * plan.outer > 1 ? ctx.parts_for(nanoseconds) : 1);
  p->plan = plan;
  p->bytes = plan.inner * bits(ctx.in(0).type) / 8;
  p->wide = ctx.in(1).type == DType::i64;
  ctx.bind_in(&p->x, 0);
  ctx.bind_in(&p->indices, 1);
  ctx.bind_out(&p->y);
  ctx.bind_fault(&p->fault);
  return true;
}

}  // namespace thimble::lowering
