#include <algorithm>

#include "ops/pool2d/pool2d.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

template <class Args>
struct Params {
  void (*kernel)(const Args&);
  Args args;  // of one image
  int64_t images, x_stride;
};

template <class Args>
void run(const Params<Args>& p, int part, int parts) {
  const int64_t m = p.args.m;
  const Range r = part_range(p.images * m, part, parts);
  for (int64_t at = r.begin; at < r.end;) {
    const int64_t image = at / m, first = at % m, count = std::min(m - first, r.end - at);
    Args a = p.args;
    a.m = count;
    a.x += image * p.x_stride;
    a.offsets += first * a.taps;
    a.y += at * a.channels;
    p.kernel(a);
    at += count;
  }
}

void run_f32(const Params<PoolF32Args>& p, int part, int parts) { run(p, part, parts); }

struct ParamsS8 : Params<PoolS8Args> {
  uint8_t flip;  // of x, and of y but for averages
  bool average;
};

void run_s8(const ParamsS8& p, int part, int parts) {
  if (p.flip == 0) return run(p, part, parts);
  ParamsS8 biased = p;
  biased.args.x_unsigned = true;
  if (p.average) {
    biased.args.zero_point = p.flip;
  } else {
    biased.args.lo += p.flip;
    biased.args.hi += p.flip;
  }
  run(biased, part, parts);
}

Result<bool> lower(LowerContext& ctx, void (*f32)(const PoolF32Args&), void (*s8)(const PoolS8Args&)) {
  const auto& plan = ctx.plan<thimble_pool2d>();
  const Window window{plan.h, plan.w};
  std::vector<int32_t> offsets;
  if (!forward_offsets(window, plan.channels, &offsets)) return false;
  const auto fill = [&](auto* p, auto kernel) {
    p->kernel = kernel;
    p->images = plan.batch;
    p->x_stride = window.in_pixels() * plan.channels;
    p->args.m = window.out_pixels();
    p->args.channels = plan.channels;
    p->args.taps = window.taps();
    p->args.offsets = ctx.constant(offsets);
    ctx.bind_out(&p->args.y);
  };
  const double operations = static_cast<double>(ctx.out().shape.elements()) * static_cast<double>(window.taps());
  const DType type = ctx.in(0).type;
  if (type == DType::f32) {
    auto* p = ctx.step<run_f32>(ctx.parts_for(operations / 8));
    fill(p, f32);
    ctx.bind_in(&p->args.x, 0);
    p->args.lo = plan.range.lo;
    p->args.hi = plan.range.hi;
  } else {
    auto* p = ctx.step<run_s8>(ctx.parts_for(operations / 20));
    fill(p, s8);
    p->average = ctx.node.op == Op::average_pool;
    ctx.takes_flipped(p->average ? &p->args.flip : &p->flip);
    ctx.bind_in(&p->args.x, 0);
    ctx.takes_flipped(&p->flip);
    p->args.x_unsigned = type == DType::u8;
    p->args.lo = plan.lo;
    p->args.hi = plan.hi;
  }
  return true;
}

}  // namespace

// int16 and l2_pool run by the reference.
Result<bool> pool2d(LowerContext& ctx) {
  if (ctx.in(0).type == DType::i16 || ctx.node.op == Op::l2_pool) return false;
  const PoolKernels& k = ctx.kernels.pool;
  return ctx.node.op == Op::max_pool ? lower(ctx, k.max_f32, k.max_s8) : lower(ctx, k.average_f32, k.average_s8);
}

}  // namespace thimble::lowering
