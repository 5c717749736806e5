#include "runtime/lower.h"
#include "ops/softmax/integer.h"
#include "ops/softmax/softmax.h"

namespace thimble::lowering {
namespace {

struct FloatParams {
  const ReduceKernels* kernels;
  const float* x;
  float* y;
  int64_t rows, n;
  float beta;
  bool log;
};

void run_float(const FloatParams& p, int part, int parts) {
  const Range r = part_range(p.rows, part, parts);
  if (r.begin == r.end) return;
  const float* x = p.x + r.begin * p.n;
  float* y = p.y + r.begin * p.n;
  if (p.log) {
    p.kernels->log_softmax_f32(x, y, r.end - r.begin, p.n);
  } else {
    p.kernels->softmax_f32(x, y, r.end - r.begin, p.n, p.beta);
  }
}

// What depends on a difference d = max − x alone: the exponential as Q0 and as Q12, the exponent.
struct Entry {
  int32_t exponential, summand, exponent;
};

struct IntegerParams {
  const Entry* table;  // 256
  const uint8_t* x;    // int8 values with the sign bit flipped compare like uint8
  uint8_t* y;
  int64_t rows, n;
  SoftmaxScaling scaling;
  uint8_t flip;
  bool log;
};

void run_integer(const IntegerParams& p, int part, int parts) {
  const Range range = part_range(p.rows, part, parts);
  for (int64_t r = range.begin; r < range.end; ++r) {
    const uint8_t* x = p.x + r * p.n;
    uint8_t* y = p.y + r * p.n;
    uint8_t top = 0;
    for (int64_t c = 0; c < p.n; ++c) top = std::max<uint8_t>(top, x[c] ^ p.flip);
    int32_t sum = 0;
    for (int64_t c = 0; c < p.n; ++c) sum = fixed::add(sum, p.table[top - (x[c] ^ p.flip)].summand);
    if (p.log) {
      const int32_t log_sum = fixed::log_of_at_least_one(sum, kSoftmaxSumBits, 5);
      const int32_t lowest = log_softmax_lowest(p.scaling, log_sum);
      for (int64_t c = 0; c < p.n; ++c) {
        const int32_t d = top - (x[c] ^ p.flip);
        y[c] = static_cast<uint8_t>(-d > lowest ? log_softmax_output(p.table[d].exponent, log_sum) : 0) ^ p.flip;
      }
      continue;
    }
    int power;
    const int32_t reciprocal = fixed::reciprocal(sum, kSoftmaxSumBits, &power);
    for (int64_t c = 0; c < p.n; ++c) {
      const int32_t d = top - (x[c] ^ p.flip);
      const int32_t q = -d < p.scaling.lowest ? 0 : softmax_output(p.table[d].exponential, reciprocal, power, 8, 0);
      y[c] = static_cast<uint8_t>(q) ^ p.flip;
    }
  }
}

Result<bool> lower_rows(LowerContext& ctx, bool log, float beta) {
  const Tensor& x = ctx.in(0);
  const int64_t n = x.shape.dim(-1), rows = n > 0 ? x.shape.elements() / n : 0;
  const int parts = ctx.parts_for(static_cast<double>(rows * n) * 2);
  if (x.type == DType::f32) {
    auto* p = ctx.step<run_float>(parts);
    p->kernels = &ctx.kernels.reduce;
    p->rows = rows;
    p->n = n;
    p->beta = beta;
    p->log = log;
    ctx.bind_in(&p->x, 0);
    ctx.bind_out(&p->y);
    return true;
  }
  const SoftmaxScaling scaling = softmax_scaling(beta, x.quant.scale[0]);
  Entry* table = ctx.constant<Entry>(256);
  for (int32_t d = 0; d < 256 && -d >= scaling.lowest; ++d) {
    table[d].exponent = softmax_exponent(scaling, -d);
    table[d].exponential = fixed::exp_of_negative(table[d].exponent, 5);
    table[d].summand = fixed::rescale(table[d].exponential, 0, kSoftmaxSumBits);
  }
  auto* p = ctx.step<run_integer>(parts);
  p->table = table;
  p->rows = rows;
  p->n = n;
  p->scaling = scaling;
  p->flip = x.type == DType::i8 ? 0x80 : 0;
  p->log = log;
  ctx.bind_in(&p->x, 0);
  ctx.bind_out(&p->y);
  return true;
}

struct GradParams {
  const ReduceKernels* kernels;
  const float *y, *dy;
  float* dx;
  int64_t rows, n;
  float beta;
};

void run_softmax_grad(const GradParams& p, int part, int parts) {
  const Range range = part_range(p.rows, part, parts);
  for (int64_t r = range.begin; r < range.end; ++r) {
    const float *y = p.y + r * p.n, *dy = p.dy + r * p.n;
    float* dx = p.dx + r * p.n;
    const float dot = p.kernels->dot_f32(y, dy, p.n), beta = p.beta;
    for (int64_t c = 0; c < p.n; ++c) dx[c] = beta * y[c] * (dy[c] - dot);
  }
}

Result<bool> lower_grad(LowerContext& ctx, float beta) {
  const Shape& shape = ctx.out().shape;
  auto* p = ctx.step<run_softmax_grad>(ctx.parts_for(static_cast<double>(shape.elements()) * 0.5));
  p->kernels = &ctx.kernels.reduce;
  p->n = shape.dim(-1);
  p->rows = p->n > 0 ? shape.elements() / p->n : 0;
  p->beta = beta;
  ctx.bind_in(&p->y, 0);
  ctx.bind_in(&p->dy, 1);
  ctx.bind_out(&p->dx);
  return true;
}

}  // namespace

Result<bool> softmax(LowerContext& ctx) {
  if (ctx.node.op == Op::log_softmax) return lower_rows(ctx, true, 1);
  return lower_rows(ctx, false, ctx.node.attrs.as<SoftmaxAttrs>().beta);
}
Result<bool> softmax_grad(LowerContext& ctx) { return lower_grad(ctx, ctx.node.attrs.as<SoftmaxAttrs>().beta); }

}  // namespace thimble::lowering
