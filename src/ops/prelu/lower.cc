#include "ops/binary/lower_runs.h"
#include "ops/prelu/prelu.h"

namespace thimble::lowering {
namespace {

struct Params {
  Broadcast plan;
  const float *x, *alpha, *dy;  // dy: the gradient's
  float* y;
};

void run(const Params& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t at, int64_t at_alpha, int64_t, int64_t n) {
    const float *x = p.x + at, *alpha = p.alpha + at_alpha;
    float* y = p.y + at;
    const int64_t step = p.plan.b_step;
    for (int64_t i = 0; i < n; ++i) y[i] = x[i] >= 0 ? x[i] : x[i] * alpha[i * step];
  });
}

void run_grad(const Params& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t at, int64_t at_alpha, int64_t, int64_t n) {
    const float *x = p.x + at, *alpha = p.alpha + at_alpha, *dy = p.dy + at;
    float* dx = p.y + at;
    const int64_t step = p.plan.b_step;
    for (int64_t i = 0; i < n; ++i) dx[i] = x[i] > 0 ? dy[i] : alpha[i * step] * dy[i];
  });
}

// 8 bits: a table of the 256 inputs for each of the values that a constant alpha has.
struct TableParams {
  Broadcast plan;
  const uint8_t *tables, *which;  // which[raw alpha]: its table
  const uint8_t *x, *alpha;
  uint8_t* y;
};

void run_tables(const TableParams& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t at, int64_t at_alpha, int64_t, int64_t n) {
    const uint8_t *x = p.x + at, *alpha = p.alpha + at_alpha;
    uint8_t* y = p.y + at;
    const int64_t step = p.plan.b_step;
    for (int64_t i = 0; i < n; ++i) y[i] = p.tables[p.which[alpha[i * step]] * 256 + x[i]];
  });
}

bool lower_tables(LowerContext& ctx) {
  const Tensor &x = ctx.in(0), &alpha = ctx.in(1);
  if (!alpha.constant()) return false;
  const auto& plan = ctx.plan<thimble_prelu>();
  const auto value = [&](int32_t raw) { return x.type == DType::i8 ? int32_t{static_cast<int8_t>(raw)} : raw; };
  uint8_t* which = ctx.constant<uint8_t>(256);
  std::array<bool, 256> seen{};
  std::vector<uint8_t> tables;
  for (const uint8_t a : alpha.data.as<uint8_t>()) {
    if (seen[a]) continue;
    seen[a] = true;
    which[a] = static_cast<uint8_t>(tables.size() / 256);
    for (int32_t q = 0; q < 256; ++q)
      tables.push_back(static_cast<uint8_t>(thimble_prelu_value(&plan, value(q), value(a))));
  }
  auto* p = ctx.step<run_tables>(ctx.parts_for(static_cast<double>(x.shape.elements()) * 0.8));
  p->plan = plan.broadcast;
  p->tables = ctx.constant(tables);
  p->which = which;
  ctx.bind_in(&p->x, 0);
  ctx.bind_in(&p->alpha, 1);
  ctx.bind_out(&p->y);
  return true;
}

}  // namespace

Result<bool> prelu(LowerContext& ctx) {
  const Shape& shape = ctx.in(0).shape;
  if (shape.elements() == 0) return false;
  if (ctx.in(0).type == DType::i16) return false;  // the reference does it
  if (ctx.in(0).type != DType::f32) return lower_tables(ctx);
  auto* p = ctx.step<run>(ctx.parts_for(static_cast<double>(shape.elements()) * 0.6));
  p->plan = ctx.plan<thimble_prelu>().broadcast;
  ctx.bind_in(&p->x, 0);
  ctx.bind_in(&p->alpha, 1);
  ctx.bind_out(&p->y);
  return true;
}

Result<bool> prelu_grad(LowerContext& ctx) {
  const Shape& shape = ctx.in(0).shape;
  if (shape.elements() == 0) return false;
  auto* p = ctx.step<run_grad>(ctx.parts_for(static_cast<double>(shape.elements()) * 0.6));
  p->plan = plan_broadcast(shape, ctx.in(1).shape, shape);
  ctx.bind_in(&p->x, 0);
  ctx.bind_in(&p->alpha, 1);
  ctx.bind_in(&p->dy, 2);
  ctx.bind_out(&p->y);
  return true;
}

}  // namespace thimble::lowering
