// Losses in two steps: rows (shared between threads) into scratch, then one sum in fixed order.
#include "runtime/lower.h"
#include "ops/loss/loss.h"

namespace thimble::lowering {
namespace {

// Where targets come from: class numbers or rows of floats; one of the two is bound.
struct Targets {
  const float* rows;
  const int32_t* labels;
  const float* row(int64_t r, int64_t n) const { return rows ? rows + r * n : nullptr; }
  const int32_t* label(int64_t r) const { return labels ? labels + r : nullptr; }
};

void bind_targets(LowerContext& ctx, Targets* targets) {
  if (ctx.in(1).type == DType::f32) {
    ctx.bind_in(&targets->rows, 1);
  } else {
    ctx.bind_in(&targets->labels, 1);
  }
}

struct MeanParams {
  const ReduceKernels* kernels;
  const float* parts;
  float* loss;
  int64_t n;
  float divisor;
};

void run_mean(const MeanParams& p, int, int) { *p.loss = p.kernels->sum_f32(p.parts, p.n) / p.divisor; }

void add_mean(LowerContext& ctx, ScratchId parts, int64_t n, int64_t divisor) {
  auto* p = ctx.step<run_mean>();
  p->kernels = &ctx.kernels.reduce;
  p->n = n;
  p->divisor = static_cast<float>(divisor);
  ctx.bind_scratch(&p->parts, parts);
  ctx.bind_out(&p->loss);
}

struct SoftmaxParams {
  const ReduceKernels* kernels;
  const float* x;
  Targets targets;
  float *probabilities, *losses;
  int64_t rows, n;
  float smoothing;
};

void run_softmax(const SoftmaxParams& p, int part, int parts) {
  const Range range = part_range(p.rows, part, parts);
  if (range.begin == range.end) return;
  const int64_t n = p.n;
  p.kernels->softmax_f32(p.x + range.begin * n, p.probabilities + range.begin * n, range.end - range.begin, n, 1.0f);
  for (int64_t r = range.begin; r < range.end; ++r)
    p.losses[r] = crossentropy_of_row(p.x + r * n, p.kernels->max_f32(p.x + r * n, n),
                                      p.kernels->max_f32(p.probabilities + r * n, n), p.targets.row(r, n),
                                      p.targets.label(r), n, p.smoothing);
}

struct GradParams {
  const float* x;
  const float* dloss;
  Targets targets;
  float* dx;
  int64_t rows, n;
  float divisor, smoothing;
};

void run_softmax_grad(const GradParams& p, int part, int parts) {
  const Range range = part_range(p.rows, part, parts);
  const float scale = *p.dloss / p.divisor;
  for (int64_t r = range.begin; r < range.end; ++r)
    crossentropy_gradient_of_row(p.x + r * p.n, p.targets.row(r, p.n), p.targets.label(r), p.n, p.smoothing, scale,
                                 p.dx + r * p.n);
}

// The plain losses: rows, or chunks of elements where the loss is elementwise.
struct LossParams {
  LossAttrs attrs;
  const float* x;
  Targets targets;
  float* losses;
  int64_t elements, n;
};

void run_loss(const LossParams& p, int part, int parts) {
  const Range range = part_range((p.elements + p.n - 1) / p.n, part, parts);
  for (int64_t r = range.begin; r < range.end; ++r) {
    const int64_t length = p.elements - r * p.n < p.n ? p.elements - r * p.n : p.n;
    p.losses[r] = loss_of_row(p.attrs, p.x + r * p.n, p.targets.row(r, p.n), p.targets.label(r), length);
  }
}

struct LossGradParams {
  LossAttrs attrs;
  const float* x;
  const float* dloss;
  Targets targets;
  float* dx;
  int64_t elements, n;
  float divisor;
};

void run_loss_grad(const LossGradParams& p, int part, int parts) {
  const Range range = part_range((p.elements + p.n - 1) / p.n, part, parts);
  const float scale = *p.dloss / p.divisor;
  for (int64_t r = range.begin; r < range.end; ++r) {
    const int64_t length = p.elements - r * p.n < p.n ? p.elements - r * p.n : p.n;
    loss_gradient_of_row(p.attrs, p.x + r * p.n, p.targets.row(r, p.n), p.targets.label(r), length, scale,
                         p.dx + r * p.n);
  }
}

constexpr int64_t kChunk = 256;  // elements summed one after another, so that partial sums stay short

int64_t row_of(const LossAttrs& attrs, const Shape& shape) {
  return is_classification(attrs.kind) ? shape.dim(-1) : kChunk;
}

}  // namespace

Result<bool> softmax_crossentropy(LowerContext& ctx) {
  const Shape& shape = ctx.in(0).shape;
  const int64_t n = shape.dim(-1), rows = shape.elements() / n;
  const ScratchId losses = ctx.scratch(rows * 4);
  auto* p = ctx.step<run_softmax>(ctx.parts_for(static_cast<double>(rows * (n + 30))));
  p->kernels = &ctx.kernels.reduce;
  p->rows = rows;
  p->n = n;
  p->smoothing = ctx.node.attrs.as<SoftmaxCrossentropyAttrs>().label_smoothing;
  ctx.bind_in(&p->x, 0);
  bind_targets(ctx, &p->targets);
  ctx.bind_out(&p->probabilities, 1);
  ctx.bind_scratch(&p->losses, losses);
  add_mean(ctx, losses, rows, rows);
  return true;
}

Result<bool> softmax_crossentropy_grad(LowerContext& ctx) {
  const Shape& shape = ctx.in(0).shape;
  const int64_t n = shape.dim(-1), rows = shape.elements() / n;
  auto* p = ctx.step<run_softmax_grad>(ctx.parts_for(static_cast<double>(rows * n) * 0.3));
  p->rows = rows;
  p->n = n;
  p->divisor = static_cast<float>(rows);
  p->smoothing = ctx.node.attrs.as<SoftmaxCrossentropyAttrs>().label_smoothing;
  ctx.bind_in(&p->x, 0);
  bind_targets(ctx, &p->targets);
  ctx.bind_in(&p->dloss, 2);
  ctx.bind_out(&p->dx);
  return true;
}

Result<bool> loss(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<LossAttrs>();
  const Shape& shape = ctx.in(0).shape;
  const int64_t elements = shape.elements(), n = row_of(attrs, shape), rows = (elements + n - 1) / n;
  const ScratchId losses = ctx.scratch(rows * 4);
  auto* p = ctx.step<run_loss>(ctx.parts_for(static_cast<double>(elements) * 3));
  p->attrs = attrs;
  p->elements = elements;
  p->n = n;
  ctx.bind_in(&p->x, 0);
  bind_targets(ctx, &p->targets);
  ctx.bind_scratch(&p->losses, losses);
  add_mean(ctx, losses, rows, loss_divisor(attrs, shape));
  return true;
}

Result<bool> loss_grad(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<LossAttrs>();
  const Shape& shape = ctx.in(0).shape;
  auto* p = ctx.step<run_loss_grad>(ctx.parts_for(static_cast<double>(shape.elements()) * 3));
  p->attrs = attrs;
  p->elements = shape.elements();
  p->n = row_of(attrs, shape);
  p->divisor = static_cast<float>(loss_divisor(attrs, shape));
  ctx.bind_in(&p->x, 0);
  bind_targets(ctx, &p->targets);
  ctx.bind_in(&p->dloss, 2);
  ctx.bind_out(&p->dx);
  return true;
}

}  // namespace thimble::lowering
