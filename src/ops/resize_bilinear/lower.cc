#include <algorithm>

#include "ops/resize_bilinear/resize_bilinear.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

struct Params {
  thimble_resize plan;
  DType type;
  const void* x;
  void* y;
};

template <class T>
void rows(const Params& p, int part, int parts, void (*row)(const thimble_resize*, const T*, T*, thimble_dim)) {
  const Range r = part_range(p.plan.batch * p.plan.h.out, part, parts);
  for (int64_t i = r.begin; i < r.end; ++i) row(&p.plan, static_cast<const T*>(p.x), static_cast<T*>(p.y), i);
}

void run_resize(const Params& p, int part, int parts) {
  switch (p.type) {
    case DType::i8: return rows<int8_t>(p, part, parts, thimble_resize_row_s8);
    case DType::u8: return rows<uint8_t>(p, part, parts, thimble_resize_row_u8);
    case DType::i16: return rows<int16_t>(p, part, parts, thimble_resize_row_s16);
    default: return rows<float>(p, part, parts, thimble_resize_row_f32);
  }
}

thimble_resize_axis copied(LowerContext& ctx, thimble_resize_axis axis) {
  const auto copy = [&]<class T>(const T* from) {
    if (!from) return from;
    T* to = ctx.constant<T>(axis.out);
    std::copy_n(from, axis.out, to);
    return const_cast<const T*>(to);
  };
  axis.below = copy(axis.below);
  axis.above = copy(axis.above);
  axis.part = copy(axis.part);
  axis.part10 = copy(axis.part10);
  return axis;
}

}  // namespace

// The reference's rows, split over threads.
Result<bool> resize_bilinear(LowerContext& ctx) {
  if (ctx.out().shape.elements() == 0) return false;
  const auto& plan = ctx.plan<thimble_resize>();
  auto* p = ctx.step<run_resize>(ctx.parts_for(static_cast<double>(ctx.out().shape.elements()) * 1.5));
  p->plan = plan;
  p->plan.h = copied(ctx, plan.h);
  p->plan.w = copied(ctx, plan.w);
  p->type = ctx.out().type;
  ctx.bind_in(&p->x, 0);
  ctx.bind_out(&p->y);
  return true;
}

}  // namespace thimble::lowering
