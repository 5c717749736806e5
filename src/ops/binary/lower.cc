#include "ops/binary/binary.h"
#include "ops/binary/lower_runs.h"

namespace thimble::lowering {
namespace {

struct FloatParams {
  void (*fn)(const float*, int, const float*, int, float*, int64_t, float, float);
  Broadcast plan;
  const float *a, *b;
  float* y;
  float lo, hi;
};

void run_float(const FloatParams& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t a, int64_t b, int64_t y, int64_t n) {
    p.fn(p.a + a, p.plan.a_step, p.b + b, p.plan.b_step, p.y + y, n, p.lo, p.hi);
  });
}

// 8 bits: add, sub and squared_difference look up each operand on the common scale.
struct IntegerParams {
  BinaryInteger f;
  const int32_t *a_table, *b_table;  // by raw byte; null: f itself
  Broadcast plan;
  const uint8_t *a, *b;
  uint8_t* y;
};

template <class T>
void run_integer(const IntegerParams& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t at_a, int64_t at_b, int64_t at_y, int64_t n) {
    const uint8_t *a = p.a + at_a, *b = p.b + at_b;
    uint8_t* y = p.y + at_y;
    const int64_t sa = p.plan.a_step, sb = p.plan.b_step;
    if (p.a_table) {
      for (int64_t i = 0; i < n; ++i)
        y[i] = static_cast<uint8_t>(p.f.finish(p.a_table[a[i * sa]], p.b_table[b[i * sb]]));
    } else {
      for (int64_t i = 0; i < n; ++i)
        y[i] = static_cast<uint8_t>(p.f(static_cast<T>(a[i * sa]), static_cast<T>(b[i * sb])));
    }
  });
}

// sum_to_shape in the three forms that gradients of layers have.
struct SumParams {
  const ReduceKernels* kernels;
  const float* x;
  float* y;
  int64_t before, kept, after;  // y[k] = Σ_before Σ_after x[before, k, after]
};

void run_sum(const SumParams& p, int part, int parts) {
  const Range r = part_range(p.kept, part, parts, 16);
  if (r.begin == r.end) return;
  std::fill(p.y + r.begin, p.y + r.end, 0.0f);
  if (p.after == 1) {
    p.kernels->sum_rows_f32(p.x + r.begin, p.before, r.end - r.begin, p.kept, p.y + r.begin);
    return;
  }
  for (int64_t o = 0; o < p.before; ++o)
    for (int64_t k = r.begin; k < r.end; ++k) p.y[k] += p.kernels->sum_f32(p.x + (o * p.kept + k) * p.after, p.after);
}

struct ExtremumParams {
  Broadcast plan;
  const float *a, *b, *dy;
  float* dx;
  bool minimum, second;
};

void run_extremum(const ExtremumParams& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t at_a, int64_t at_b, int64_t at_y, int64_t n) {
    const float *a = p.a + at_a, *b = p.b + at_b, *dy = p.dy + at_y;
    float* dx = p.dx + at_y;
    for (int64_t i = 0; i < n; ++i) {
      const float u = a[i * p.plan.a_step], v = b[i * p.plan.b_step];
      const bool first = p.minimum ? u <= v : u >= v;
      dx[i] = first != p.second ? dy[i] : 0.0f;
    }
  });
}

}  // namespace

Result<bool> binary(LowerContext& ctx) {
  const BinaryFn fn = binary_fn(ctx.node.op);
  const Activation activation = ctx.node.attrs.as<BinaryAttrs>().activation;
  const Tensor &a = ctx.in(0), &b = ctx.in(1), &y = ctx.out();
  const Broadcast plan = plan_broadcast(a.shape, b.shape, y.shape);
  const auto n = static_cast<double>(y.shape.elements());
  if (n == 0 || a.type == DType::i32) return false;
  if (a.type == DType::f32) {
    const auto kernel = ctx.kernels.map.binary_f32[static_cast<int>(fn)];
    if (!kernel) return false;
    auto* p = ctx.step<run_float>(ctx.parts_for(n * 0.3 + static_cast<double>(plan.outer) * 5));
    p->fn = kernel;
    p->plan = plan;
    binary_range(fn, activation, &p->lo, &p->hi);
    ctx.bind_in(&p->a, 0);
    ctx.bind_in(&p->b, 1);
    ctx.bind_out(&p->y);
    return true;
  }
  const BinaryInteger f = binary_integer(fn, activation, a.type, a.quant, b.quant, y.quant);
  int32_t *a_table = nullptr, *b_table = nullptr;
  if (fn == BinaryFn::add || fn == BinaryFn::sub || fn == BinaryFn::squared_difference) {
    a_table = ctx.constant<int32_t>(256);
    b_table = ctx.constant<int32_t>(256);
    for (int32_t q = 0; q < 256; ++q) {
      const int32_t value = a.type == DType::i8 ? static_cast<int8_t>(q) : q;
      a_table[q] = f.scaled_a(value);
      b_table[q] = f.scaled_b(value);
    }
  }
  auto* p = a.type == DType::i8 ? ctx.step<run_integer<int8_t>>(ctx.parts_for(n * 2))
                                : ctx.step<run_integer<uint8_t>>(ctx.parts_for(n * 2));
  p->f = f;
  p->a_table = a_table;
  p->b_table = b_table;
  p->plan = plan;
  ctx.bind_in(&p->a, 0);
  ctx.bind_in(&p->b, 1);
  ctx.bind_out(&p->y);
  return true;
}

Result<bool> sum_to_shape(LowerContext& ctx) {
  const Shape &x = ctx.in(0).shape, &y = ctx.out().shape;
  const int64_t kept = y.elements();
  if (x.elements() == 0 || !ctx.kernels.reduce.sum_f32 || !ctx.kernels.reduce.sum_rows_f32) return false;
  // Kept dimensions must lie together: [before, kept, after].
  int first = x.rank(), last = -1;
  for (int d = 0; d < x.rank(); ++d) {
    const int i = d - (x.rank() - y.rank());
    if (i >= 0 && y[i] > 1) {
      first = std::min(first, d);
      last = d;
    }
  }
  int64_t before = x.elements(), after = 1;
  if (last >= 0) {
    before = x.elements(0, first);
    after = x.elements(last + 1, x.rank());
  } else {
    after = before;
    before = 1;
  }
  if (before * kept * after != x.elements()) return false;
  auto* p = ctx.step<run_sum>(kept >= 32 ? ctx.parts_for(static_cast<double>(x.elements()) * 0.2) : 1);
  p->kernels = &ctx.kernels.reduce;
  p->before = before;
  p->kept = kept;
  p->after = after;
  ctx.bind_in(&p->x, 0);
  ctx.bind_out(&p->y);
  return true;
}

Result<bool> extremum_grad(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<ExtremumGradAttrs>();
  if (ctx.out().shape.elements() == 0) return false;
  auto* p = ctx.step<run_extremum>(ctx.parts_for(static_cast<double>(ctx.out().shape.elements())));
  p->plan = plan_broadcast(ctx.in(0).shape, ctx.in(1).shape, ctx.out().shape);
  p->minimum = attrs.minimum;
  p->second = attrs.second;
  ctx.bind_in(&p->a, 0);
  ctx.bind_in(&p->b, 1);
  ctx.bind_in(&p->dy, 2);
  ctx.bind_out(&p->dx);
  return true;
}

}  // namespace thimble::lowering
