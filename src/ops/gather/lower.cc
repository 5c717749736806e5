#include <cstring>

#include "ops/gather/gather.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

struct Params {
  thimble_gather plan;
  bool wide;  // int64 indices
  const void* indices;
  const uint8_t* x;
  uint8_t* y;
  RunFault* fault;
};

// Entries of a size that is known when compiled are copied by one move.
template <class Index, class Copy>
void rows(const Params& p, int part, int parts, Copy copy) {
  const thimble_gather& g = p.plan;
  const auto* indices = static_cast<const Index*>(p.indices);
  const Range r = part_range(g.batches * g.outer, part, parts);
  for (int64_t row = r.begin; row < r.end; ++row) {
    const Index* own = indices + row / g.outer * g.count;
    const uint8_t* x = p.x + row * g.length * g.bytes;
    uint8_t* y = p.y + row * g.count * g.bytes;
    for (int64_t k = 0; k < g.count; ++k) {
      const int64_t at = own[k];
      if (at < 0 || at >= g.length)
        p.fault->index(at, g.length);
      else
        copy(y + k * g.bytes, x + at * g.bytes);
    }
  }
}

template <class Index>
void sized(const Params& p, int part, int parts) {
  switch (p.plan.bytes) {
    case 1: return rows<Index>(p, part, parts, [](uint8_t* y, const uint8_t* x) { *y = *x; });
    case 4: return rows<Index>(p, part, parts, [](uint8_t* y, const uint8_t* x) { std::memcpy(y, x, 4); });
    default:
      return rows<Index>(p, part, parts, [n = static_cast<size_t>(p.plan.bytes)](uint8_t* y, const uint8_t* x) {
        std::memcpy(y, x, n);
      });
  }
}

void run(const Params& p, int part, int parts) {
  p.wide ? sized<int64_t>(p, part, parts) : sized<int32_t>(p, part, parts);
}

}  // namespace

// Rows of batches · outer are split over threads.
Result<bool> gather(LowerContext& ctx) {
  if (ctx.out().shape.elements() == 0) return false;
  const auto& plan = ctx.plan<thimble_gather>();
  const double nanoseconds = static_cast<double>(ctx.out().shape.elements()) * 0.3;
  auto* p = ctx.step<run>(plan.batches * plan.outer > 1 ? ctx.parts_for(nanoseconds) : 1);
  p->plan = plan;
  p->wide = ctx.in(1).type == DType::i64;
  ctx.bind_in(&p->x, 0);
  ctx.bind_in(&p->indices, 1);
  ctx.bind_out(&p->y);
  ctx.bind_fault(&p->fault);
  return true;
}

}  // namespace thimble::lowering
