#include "compress/squeeze/ranges.h"
#include "ops/binary/binary.h"

namespace thimble::range_rule {
namespace {

using compress::RangeContext;
using compress::Ranges;
using compress::ValueRange;

// Each function is monotone in each operand: the extremes are at the corners.
Ranges corners(const RangeContext& ctx) {
  const Tensor &a = ctx.in(0), &b = ctx.in(1), &y = ctx.out();
  const Ranges &ra = ctx.ranges(0), &rb = ctx.ranges(1);
  const size_t n = ctx.channels;
  if ((ra.size() != n && ra.size() != 1) || (rb.size() != n && rb.size() != 1)) return {};
  if (!compress::is_8_bit(a) || !compress::is_8_bit(b)) return {};
  const BinaryFn fn = binary_fn(ctx.node.op);
  thimble_binary plan{};
  plan_integers(fn, ctx.node.attrs.as<BinaryAttrs>().activation, y.type, a.quant, b.quant, y.quant, &plan);
  const bool raw = fn == BinaryFn::maximum || fn == BinaryFn::minimum;
  Ranges r;
  for (size_t k = 0; k < n; ++k) {
    const ValueRange p = ra[ra.size() == 1 ? 0 : k], q = rb[rb.size() == 1 ? 0 : k];
    ValueRange all{INT32_MAX, INT32_MIN};
    for (const int32_t i : {p.lo, p.hi})
      for (const int32_t j : {q.lo, q.hi}) {
        const int32_t own = binary_value(fn, plan, i, j);
        all = join(all, {own, own});
        if (raw) continue;
        const double u = double(a.quant.scale[0]) * (i - plan.a_zero), v = double(b.quant.scale[0]) * (j - plan.b_zero);
        const double value = (fn == BinaryFn::add ? u + v : fn == BinaryFn::sub ? u - v : u * v) / y.quant.scale[0];
        all = join(all, compress::rounded(value, value, 0x1p-6, plan.y_zero, {plan.lo, plan.hi}));
      }
    r.push_back(all);
  }
  return r;
}

compress::Zeros sum_of_zeros(const RangeContext& ctx) {
  const compress::Zeros &a = ctx.zeros(0), &b = ctx.zeros(1);
  if (a.size() != ctx.channels || b.size() != ctx.channels) return {};
  compress::Zeros r;
  for (size_t k = 0; k < ctx.channels; ++k) r.push_back(a[k] && b[k]);
  return r;
}

}  // namespace

compress::RangeRule binary(Op op) {
  if (op == Op::div || op == Op::squared_difference) return {};
  return {corners, op == Op::add ? sum_of_zeros : nullptr};
}

}  // namespace thimble::range_rule
