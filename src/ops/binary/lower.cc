#include "ops/binary/binary.h"
#include "ops/binary/lower_runs.h"

namespace thimble::lowering {
namespace {

struct FloatParams {
  void (*fn)(const float*, int, const float*, int, float*, int64_t, float, float);
  Broadcast plan;
  const float *a, *b;
  float* y;
  thimble_range range;
};

void run_float(const FloatParams& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t a, int64_t b, int64_t y, int64_t n) {
    p.fn(p.a + a, p.plan.a_step, p.b + b, p.plan.b_step, p.y + y, n, p.range.lo, p.range.hi);
  });
}

// 8 bits: add, sub and mul by the kernels.
struct ElementwiseParams {
  void (*fn)(const ElementwiseS8Args&);
  ElementwiseS8Args args;  // but for pointers and sizes
  Broadcast plan;
  const uint8_t *a, *b;
  uint8_t* y;
  uint8_t flip;  // of a and b
};

void run_elementwise(const ElementwiseParams& p, int part, int parts) {
  ElementwiseS8Args args = p.args;
  args.bytes_unsigned = args.bytes_unsigned || p.flip != 0;
  args.a_zero_point += p.flip;
  args.b_zero_point += p.flip;
  each_block(p.plan, part, parts, [&](int64_t a, int64_t b, int64_t y, int64_t rows, int64_t n) {
    args.a = p.a + a;
    args.b = p.b + b;
    args.y = p.y + y;
    args.rows = rows;
    args.n = n;
    p.fn(args);
  });
}

// maximum and minimum of raw values, both operands of one quantisation.
struct ExtremumParams {
  Broadcast plan;
  const void *a, *b;
  void* y;
};

template <class T, bool kMaximum>
void run_extremum(const ExtremumParams& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t at_a, int64_t at_b, int64_t at_y, int64_t n) {
    const T *a = static_cast<const T*>(p.a) + at_a, *b = static_cast<const T*>(p.b) + at_b;
    T* y = static_cast<T*>(p.y) + at_y;
    const auto pick = [](T u, T v) { return kMaximum ? std::max(u, v) : std::min(u, v); };
    if (p.plan.a_step == 1 && p.plan.b_step == 1) {
      for (int64_t i = 0; i < n; ++i) y[i] = pick(a[i], b[i]);
    } else {
      const T* many = p.plan.a_step == 1 ? a : b;  // one of them goes on, unless n is 1
      const T one = p.plan.a_step == 1 ? b[0] : a[0];
      for (int64_t i = 0; i < n; ++i) y[i] = pick(many[i], one);
    }
  });
}

// What is left: squared_difference looks up each operand on the common scale.
struct IntegerParams {
  thimble_binary f;
  const int32_t *a_table, *b_table;  // by raw byte; null: the quotient
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
      for (int64_t i = 0; i < n; ++i) {
        const int32_t difference = p.a_table[a[i * sa]] - p.b_table[b[i * sb]];
        y[i] = static_cast<uint8_t>(thimble_binary_y(&p.f, difference * difference));
      }
    } else {
      for (int64_t i = 0; i < n; ++i)
        y[i] = static_cast<uint8_t>(thimble_div_value(&p.f, static_cast<T>(a[i * sa]), static_cast<T>(b[i * sb])));
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

struct ExtremumGradParams {
  Broadcast plan;
  const float *a, *b, *dy;
  float* dx;
  bool minimum, second;
};

void run_extremum_grad(const ExtremumGradParams& p, int part, int parts) {
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

ElementwiseS8Args elementwise_args(const thimble_binary& p, DType type) {
  const thimble_broadcast& b = p.broadcast;
  ElementwiseS8Args e;
  e.a_step = b.a_step;
  e.b_step = b.b_step;
  if (b.rank > 0) {
    e.a_row = b.a_strides[b.rank - 1];
    e.b_row = b.b_strides[b.rank - 1];
  }
  e.bytes_unsigned = type == DType::u8;
  e.a_zero_point = p.a_zero;
  e.b_zero_point = p.b_zero;
  e.left_shift = p.left_shift;
  e.a_multiplier = p.a_multiplier;
  e.a_shift = p.a_shift;
  e.b_multiplier = p.b_multiplier;
  e.b_shift = p.b_shift;
  e.multiplier = p.y_multiplier;
  e.shift = p.y_shift;
  e.zero_point = p.y_zero;
  e.lo = p.lo;
  e.hi = p.hi;
  return e;
}

}  // namespace

Result<bool> binary(LowerContext& ctx) {
  const BinaryFn fn = binary_fn(ctx.node.op);
  const DType type = ctx.in(0).type;
  const auto& f = ctx.plan<thimble_binary>();
  const Broadcast plan(f.broadcast);
  const auto n = static_cast<double>(plan.outer * plan.inner);
  if (n == 0 || (type != DType::f32 && type != DType::i8 && type != DType::u8)) return false;
  const auto bind = [&](auto* p) {
    p->plan = plan;
    ctx.bind_in(&p->a, 0);
    ctx.bind_in(&p->b, 1);
    ctx.bind_out(&p->y);
  };
  if (type == DType::f32) {
    const auto kernel = ctx.kernels.map.binary_f32[static_cast<int>(fn)];
    if (!kernel) return false;
    auto* p = ctx.step<run_float>(ctx.parts_for(n * 0.3 + static_cast<double>(plan.outer) * 5));
    p->fn = kernel;
    p->range = f.range;
    bind(p);
    return true;
  }
  const ElementwiseS8Kernels& kernels = ctx.kernels.elementwise_s8;
  if (fn == BinaryFn::add || fn == BinaryFn::sub || fn == BinaryFn::mul) {
    auto* p = ctx.step<run_elementwise>(ctx.parts_for(n * (fn == BinaryFn::mul ? 0.3 : 0.6)));
    p->fn = fn == BinaryFn::add ? kernels.add : fn == BinaryFn::sub ? kernels.sub : kernels.mul;
    p->args = elementwise_args(f, type);
    p->plan = plan;
    ctx.bind_in(&p->a, 0);
    ctx.takes_flipped(&p->flip);
    ctx.bind_in(&p->b, 1);
    ctx.takes_flipped(&p->flip);
    ctx.bind_out(&p->y);
    ctx.takes_flipped(&p->args.flip);
    return true;
  }
  const bool is_signed = type == DType::i8;
  if (fn == BinaryFn::maximum || fn == BinaryFn::minimum) {
    const bool maximum = fn == BinaryFn::maximum;
    const int parts = ctx.parts_for(n * 0.1 + static_cast<double>(plan.outer) * 5);
    bind(is_signed && maximum ? ctx.step<run_extremum<int8_t, true>>(parts)
         : is_signed          ? ctx.step<run_extremum<int8_t, false>>(parts)
         : maximum            ? ctx.step<run_extremum<uint8_t, true>>(parts)
                              : ctx.step<run_extremum<uint8_t, false>>(parts));
    return true;
  }
  auto* p = is_signed ? ctx.step<run_integer<int8_t>>(ctx.parts_for(n * 2))
                      : ctx.step<run_integer<uint8_t>>(ctx.parts_for(n * 2));
  p->f = f;
  if (fn == BinaryFn::squared_difference) {
    int32_t *a_table = ctx.constant<int32_t>(256), *b_table = ctx.constant<int32_t>(256);
    for (int32_t q = 0; q < 256; ++q) {
      const int32_t value = is_signed ? static_cast<int8_t>(q) : q;
      a_table[q] = thimble_binary_a(&f, value);
      b_table[q] = thimble_binary_b(&f, value);
    }
    p->a_table = a_table;
    p->b_table = b_table;
  }
  bind(p);
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
  auto* p = ctx.step<run_extremum_grad>(ctx.parts_for(static_cast<double>(ctx.out().shape.elements())));
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
