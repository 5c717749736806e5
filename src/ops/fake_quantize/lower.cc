#include <cmath>

#include "ops/fake_quantize/fake_quantize.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

using namespace fake_quantize;

// y, and least and greatest x of each piece where `extremes` is bound.
struct Params {
  const KernelTable* kernels;
  const float *x, *scale;
  const int8_t* q;
  const int32_t* zero_point;
  float *y, *extremes;
  Pieces pieces;
};

void run(const Params& p, int part, int parts) {
  const Range r = part_range(p.pieces.count(), part, parts);
  for (int64_t k = r.begin; k < r.end; ++k) {
    const int64_t at = p.pieces.begin(k), n = p.pieces.size(k);
    p.kernels->map.dequantize_s8(p.q + at, p.y + at, n, p.scale[p.pieces.scale(k)], *p.zero_point);
    if (!p.extremes) continue;
    p.extremes[2 * k] = p.kernels->reduce.min_f32(p.x + at, n);
    p.extremes[2 * k + 1] = p.kernels->reduce.max_f32(p.x + at, n);
  }
}

struct RangeParams {
  const float *extremes, *keep;
  float* range;
  int64_t pieces;
};

void run_range(const RangeParams& p, int, int) {
  float least = INFINITY, greatest = -INFINITY;
  for (int64_t k = 0; k < p.pieces; ++k) {
    if (!std::isfinite(p.extremes[2 * k]) || !std::isfinite(p.extremes[2 * k + 1])) return;
    least = std::min(least, p.extremes[2 * k]);
    greatest = std::max(greatest, p.extremes[2 * k + 1]);
  }
  if (p.pieces == 0) return;
  p.range[0] = *p.keep * p.range[0] + (1 - *p.keep) * least;
  p.range[1] = *p.keep * p.range[1] + (1 - *p.keep) * greatest;
}

// dx, and Σ dy·y − Σ dx·x of each piece where `sums` is bound: what the scale's gradient is made of.
struct GradParams {
  const KernelTable* kernels;
  const float *x, *scale, *dy, *y;
  const int32_t* zero_point;
  float* dx;
  double* sums;
  Pieces pieces;
  float low, high;
};

void run_grad(const GradParams& p, int part, int parts) {
  const Range r = part_range(p.pieces.count(), part, parts);
  const auto zero_point = static_cast<float>(*p.zero_point);
  for (int64_t k = r.begin; k < r.end; ++k) {
    const int64_t at = p.pieces.begin(k), n = p.pieces.size(k);
    const float s = p.scale[p.pieces.scale(k)];
    p.kernels->map.clamp_grad_f32(p.x + at, p.dy + at, p.dx + at, n, (p.low - zero_point) * s,
                                  (p.high - zero_point) * s);
    if (!p.sums) continue;
    p.sums[k] = static_cast<double>(p.kernels->reduce.dot_f32(p.dy + at, p.y + at, n)) -
                static_cast<double>(p.kernels->reduce.dot_f32(p.dx + at, p.x + at, n));
  }
}

struct LearnedParams {
  const double* sums;
  const float* learned;
  float* gradient;
  Pieces pieces;
  float gradient_scale;
};

void run_learned(const LearnedParams& p, int, int) {
  for (int64_t c = 0; c < p.pieces.scales; ++c) {
    double sum = 0;
    for (int64_t k = c; k < p.pieces.count(); k += p.pieces.scales) sum += p.sums[k];
    p.gradient[c] = static_cast<float>(p.gradient_scale * sum / p.learned[c]);
  }
}

}  // namespace

Result<bool> fake_quantize(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<FakeQuantizeAttrs>();
  const Pieces pieces(ctx.out().shape.elements(), attrs.inner, ctx.in(kScale).shape[0]);
  const bool watch = ctx.has(kRange);
  ScratchId extremes;
  if (watch) extremes = ctx.scratch(pieces.count() * 8);
  auto* p = ctx.step<run>(ctx.parts_for(static_cast<double>(pieces.n) * 0.2));
  p->kernels = &ctx.kernels;
  p->pieces = pieces;
  ctx.bind_in(&p->x, kX);
  ctx.bind_in(&p->q, kQ);
  ctx.bind_in(&p->scale, kScale);
  ctx.bind_in(&p->zero_point, kZeroPoint);
  ctx.bind_out(&p->y);
  if (!watch) return true;
  ctx.bind_scratch(&p->extremes, extremes);
  auto* range = ctx.step<run_range>();
  range->pieces = pieces.count();
  ctx.bind_scratch(&range->extremes, extremes);
  ctx.bind_in(&range->keep, kKeep);
  ctx.bind_in(&range->range, kRange);
  return true;
}

Result<bool> fake_quantize_grad(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<FakeQuantizeAttrs>();
  if (!attrs.clip) return false;  // dx is dy: the gradient does not make such a node
  const Pieces pieces(ctx.out().shape.elements(), attrs.inner, ctx.in(kGradScale).shape[0]);
  const bool learned = ctx.has(kGradLearned);
  ScratchId sums;
  if (learned) sums = ctx.scratch(pieces.count() * 8);
  auto* p = ctx.step<run_grad>(ctx.parts_for(static_cast<double>(pieces.n) * (learned ? 0.4 : 0.2)));
  p->kernels = &ctx.kernels;
  p->pieces = pieces;
  p->low = static_cast<float>(attrs.low) - 0.5f;
  p->high = static_cast<float>(attrs.high) + 0.5f;
  ctx.bind_in(&p->x, kGradX);
  ctx.bind_in(&p->scale, kGradScale);
  ctx.bind_in(&p->zero_point, kGradZeroPoint);
  ctx.bind_in(&p->dy, kGradDy);
  ctx.bind_out(&p->dx);
  if (!learned) return true;
  ctx.bind_in(&p->y, kGradY);
  ctx.bind_scratch(&p->sums, sums);
  auto* l = ctx.step<run_learned>();
  l->pieces = pieces;
  l->gradient_scale = attrs.gradient_scale;
  ctx.bind_scratch(&l->sums, sums);
  ctx.bind_in(&l->learned, kGradLearned);
  ctx.bind_out(&l->gradient, 1);
  return true;
}

}  // namespace thimble::lowering
