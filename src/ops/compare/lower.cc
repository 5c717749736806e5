#include "ops/binary/lower_runs.h"
#include "ops/compare/compare.h"

namespace thimble::lowering {
namespace {

struct Params {
  Broadcast plan;
  const void *a, *b;
  uint8_t* y;
  const int32_t *a_table, *b_table;  // 8 bits: by raw byte, on the common grid
};

// One run; an operand that stands still is read once, so that the loops vectorise.
template <Comparison kC, class A, class B>
void compare_run(int64_t n, int64_t sa, int64_t sb, A a, B b, uint8_t* y) {
  if (sa == 1 && sb == 1) {
    for (int64_t i = 0; i < n; ++i) y[i] = compares(kC, a(i), b(i));
  } else if (sa == 1) {
    const auto one = b(0);
    for (int64_t i = 0; i < n; ++i) y[i] = compares(kC, a(i), one);
  } else {
    const auto one = a(0);
    for (int64_t i = 0; i < n; ++i) y[i] = compares(kC, one, b(sb == 1 ? i : 0));
  }
}

template <class T, Comparison kC>
void run_numbers(const Params& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t at_a, int64_t at_b, int64_t at_y, int64_t n) {
    const T *a = static_cast<const T*>(p.a) + at_a, *b = static_cast<const T*>(p.b) + at_b;
    compare_run<kC>(
        n, p.plan.a_step, p.plan.b_step, [a](int64_t i) { return a[i]; }, [b](int64_t i) { return b[i]; }, p.y + at_y);
  });
}

template <Comparison kC>
void run_bytes(const Params& p, int part, int parts) {
  each_run(p.plan, part, parts, [&](int64_t at_a, int64_t at_b, int64_t at_y, int64_t n) {
    const uint8_t *a = static_cast<const uint8_t*>(p.a) + at_a, *b = static_cast<const uint8_t*>(p.b) + at_b;
    compare_run<kC>(
        n, p.plan.a_step, p.plan.b_step, [&, a](int64_t i) { return p.a_table[a[i]]; },
        [&, b](int64_t i) { return p.b_table[b[i]]; }, p.y + at_y);
  });
}

template <Comparison kC>
Params* step_of(LowerContext& ctx, DType type, int parts) {
  switch (type) {
    case DType::f32: return ctx.step<run_numbers<float, kC>>(parts);
    case DType::i32: return ctx.step<run_numbers<int32_t, kC>>(parts);
    case DType::i64: return ctx.step<run_numbers<int64_t, kC>>(parts);
    default: return ctx.step<run_bytes<kC>>(parts);
  }
}

}  // namespace

Result<bool> compare(LowerContext& ctx) {
  const auto& f = ctx.plan<thimble_compare>();
  const DType type = ctx.in(0).type;
  const int64_t n = f.broadcast.outer * f.broadcast.inner;
  const bool bytes = type == DType::i8 || type == DType::u8;
  if (n == 0 || (!bytes && type != DType::f32 && type != DType::i32 && type != DType::i64)) return false;
  const auto [comparison, swapped] = comparison_form(ctx.node.op);
  const int parts = ctx.parts_for(static_cast<double>(n) * (bytes ? 0.8 : 0.4));
  Params* p = comparison == Comparison::equal       ? step_of<Comparison::equal>(ctx, type, parts)
              : comparison == Comparison::not_equal ? step_of<Comparison::not_equal>(ctx, type, parts)
              : comparison == Comparison::less      ? step_of<Comparison::less>(ctx, type, parts)
                                                    : step_of<Comparison::less_equal>(ctx, type, parts);
  const int first = swapped ? 1 : 0;
  p->plan = swapped ? plan_broadcast(ctx.in(1).shape, ctx.in(0).shape, ctx.out().shape) : Broadcast(f.broadcast);
  if (bytes) {
    int32_t *a = ctx.constant<int32_t>(256), *b = ctx.constant<int32_t>(256);
    for (int32_t q = 0; q < 256; ++q) {
      const int32_t value = type == DType::i8 ? static_cast<int8_t>(q) : q;
      a[q] = thimble_compared_a(&f, value);
      b[q] = thimble_compared_b(&f, value);
    }
    p->a_table = swapped ? b : a;
    p->b_table = swapped ? a : b;
  }
  ctx.bind_in(&p->a, first);
  ctx.bind_in(&p->b, 1 - first);
  ctx.bind_out(&p->y);
  return true;
}

}  // namespace thimble::lowering
