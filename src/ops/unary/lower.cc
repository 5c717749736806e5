#include <algorithm>

#include "ops/unary/unary.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

struct FloatParams {
  void (*fn)(const float*, float*, int64_t, float);
  const float* x;
  float* y;
  int64_t n;
  float alpha;
};

void run_float(const FloatParams& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  if (r.begin < r.end) p.fn(p.x + r.begin, p.y + r.begin, r.end - r.begin, p.alpha);
}

// round and sign: TFLite gives +0 where the kernels keep the sign of zero.
template <Op kOp>
void run_positive_zero(const FloatParams& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  for (int64_t i = r.begin; i < r.end; i += 64) {  // y may lie where x does
    float x[64];
    const int64_t n = std::min<int64_t>(r.end - i, 64);
    std::copy_n(p.x + i, n, x);
    p.fn(x, p.y + i, n, p.alpha);
    for (int64_t k = 0; k < n; ++k)
      if (kOp == Op::sign || x[k] != 0) p.y[i + k] += 0.0f;
  }
}

struct TableParams {
  void (*lut)(const uint8_t*, uint8_t*, int64_t, const uint8_t*);
  const uint8_t *x, *table;  // kTable bytes, twice: of plain outputs, and of flipped ones
  uint8_t* y;
  int64_t n;
  uint8_t x_flip, y_flip;

  // The byte x ^ 0x80 is x + 128: the table goes on from its beginning, so that it may be entered in its middle.
  static constexpr int64_t kTable = 256 + 128;
  const uint8_t* entry() const { return table + x_flip + (y_flip != 0 ? kTable : 0); }
};

void run_table(const TableParams& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  if (r.begin < r.end) p.lut(p.x + r.begin, p.y + r.begin, r.end - r.begin, p.entry());
}

struct GradParams {
  void (*fn)(const float*, const float*, const float*, float*, int64_t, float);
  const float *x, *y, *dy;
  float* dx;
  int64_t n;
  float alpha;
};

void run_grad(const GradParams& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  if (r.begin < r.end) p.fn(p.x + r.begin, p.y + r.begin, p.dy + r.begin, p.dx + r.begin, r.end - r.begin, p.alpha);
}

// Nanoseconds per element on one core, roughly.
double cost(UnaryFn fn) {
  switch (fn) {
    case UnaryFn::relu:
    case UnaryFn::relu6:
    case UnaryFn::relu_n1_to_1:
    case UnaryFn::leaky_relu:
    case UnaryFn::neg:
    case UnaryFn::abs:
    case UnaryFn::square: return 0.2;
    default: return 1;
  }
}

}  // namespace

Result<bool> unary(LowerContext& ctx) {
  if (!ctx.resolved.plan.holds<thimble_unary>()) return false;  // wider integers: the reference does them
  const auto& plan = ctx.plan<thimble_unary>();
  const Op op = ctx.node.op;
  const int64_t n = plan.n;
  if (ctx.in(0).type == DType::f32) {
    const UnaryRow& row = unary_row(op, ctx.node.attrs.as<UnaryAttrs>());
    if (row.kernel == kNoKernel) return false;
    const auto kernel = ctx.kernels.map.unary_f32[static_cast<int>(row.kernel)];
    if (!kernel) return false;
    const int parts = ctx.parts_for(static_cast<double>(n) * cost(row.kernel));
    auto* p = op == Op::round  ? ctx.step<run_positive_zero<Op::round>>(parts)
              : op == Op::sign ? ctx.step<run_positive_zero<Op::sign>>(parts)
                               : ctx.step<run_float>(parts);
    p->fn = kernel;
    p->n = n;
    p->alpha = plan.alpha;
    ctx.bind_in(&p->x, 0);
    ctx.bind_out(&p->y);
    return true;
  }
  if (!ctx.kernels.map.lut_u8) return false;
  auto* table = ctx.constant<uint8_t>(2 * TableParams::kTable);
  std::copy_n(reinterpret_cast<const uint8_t*>(plan.table), 256, table);
  std::copy_n(table, 128, table + 256);
  for (int64_t i = 0; i < TableParams::kTable; ++i) table[TableParams::kTable + i] = table[i] ^ 0x80;
  auto* p = ctx.step<run_table>(ctx.parts_for(static_cast<double>(n) * 0.3));
  p->lut = ctx.kernels.map.lut_u8;
  p->table = table;
  p->n = n;
  ctx.bind_in(&p->x, 0);
  ctx.takes_flipped(&p->x_flip);
  ctx.bind_out(&p->y);
  ctx.takes_flipped(&p->y_flip);
  return true;
}

Result<bool> unary_grad(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<UnaryGradAttrs>();
  const UnaryFn fn = unary_rows()[static_cast<size_t>(attrs.row)].kernel;
  if (fn == kNoKernel) return false;
  const auto kernel = ctx.kernels.map.unary_grad_f32[static_cast<int>(fn)];
  if (!kernel) return false;
  auto* p = ctx.step<run_grad>(ctx.parts_for(static_cast<double>(ctx.out().shape.elements()) * cost(fn)));
  p->fn = kernel;
  p->n = ctx.out().shape.elements();
  p->alpha = attrs.alpha;
  ctx.bind_in(&p->x, 0);
  ctx.bind_in(&p->y, 1);
  ctx.bind_in(&p->dy, 2);
  ctx.bind_out(&p->dx);
  return true;
}

}  // namespace thimble::lowering
