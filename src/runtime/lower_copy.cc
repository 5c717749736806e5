#include "runtime/lower_copy.h"

namespace thimble {
namespace {

struct CopyParams {
  StridedCopy plan;
  const uint8_t* x;
  uint8_t* y;
  uint8_t flip;  // of both: bytes are moved
};

void run_copy(const CopyParams& p, int part, int parts) {
  const Range r = part_range(p.plan.units(), part, parts, p.plan.rank == 0 ? 64 : 1);
  p.plan.copy(p.x, p.y, r.begin, r.end);
}

struct FillParams {
  const uint8_t* value;
  uint8_t* y;
  int64_t n, width;
};

void run_fill(const FillParams& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  fill_elements(p.y + r.begin * p.width, r.end - r.begin, p.width, p.value);
}

}  // namespace

void lower_copy(LowerContext& ctx, const StridedCopy& plan, TensorId from, TensorId to) {
  if (plan.run == 0) return;
  auto* p = ctx.step<run_copy>(plan.units() > 1 ? ctx.parts_for(plan.nanoseconds()) : 1);
  p->plan = plan;
  ctx.bind(&p->x, from);
  ctx.takes_flipped(&p->flip);
  ctx.bind(&p->y, to);
  ctx.takes_flipped(&p->flip);
}

void lower_fill(LowerContext& ctx, const uint8_t* value, TensorId value_tensor, TensorId to) {
  const Tensor& y = ctx.graph.at(to);
  const int64_t n = y.shape.elements(), width = bits(y.type) / 8;
  if (n == 0) return;
  auto* p = ctx.step<run_fill>(ctx.parts_for(static_cast<double>(n * width) * 0.05));
  p->value = value;
  p->n = n;
  p->width = width;
  if (value_tensor != kNoTensor) ctx.bind(&p->value, value_tensor);
  ctx.bind(&p->y, to);
}

}  // namespace thimble
