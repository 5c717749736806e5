#include "compress/squeeze/ranges.h"
#include "ops/unary/unary.h"

namespace thimble::range_rule {
namespace {

using compress::RangeContext;
using compress::Ranges;
using compress::ValueRange;

Ranges looked_up(const RangeContext& ctx) {
  const Tensor &x = ctx.in(0), &y = ctx.out();
  if (!compress::is_8_bit(x)) return {};
  const auto& attrs = ctx.node.attrs.as<UnaryAttrs>();
  const UnaryRow& row = unary_row(ctx.node.op, attrs);
  uint8_t table[256];
  unary_table(row, attrs.alpha, y.type, x.quant, y.quant, table);
  // Clamps of one and the same quantisation are exact everywhere; other tables may differ by one step.
  const int32_t slack = row.traits.clamps() && x.quant == y.quant ? 0 : 1;
  const ValueRange limits = compress::whole(y.type);
  Ranges r;
  for (const ValueRange v : ctx.ranges(0)) {
    ValueRange all{INT32_MAX, INT32_MIN};
    for (int32_t i = v.lo; i <= v.hi; ++i) {
      const uint8_t raw = table[static_cast<uint8_t>(i)];
      const int32_t q = y.type == DType::u8 ? raw : static_cast<int8_t>(raw);
      all = join(all, {q - slack, q + slack});
    }
    r.push_back({std::max(all.lo, limits.lo), std::min(all.hi, limits.hi)});
  }
  return r;
}

bool keeps_zero(Op op) {
  const UnaryTraits& traits = unary_row(op).traits;
  return (traits.clamps() && traits.low <= 0 && traits.high >= 0) || op == Op::leaky_relu || op == Op::abs;
}

}  // namespace

compress::RangeRule unary(Op op) {
  if (!keeps_zero(op)) return {looked_up};
  return {looked_up, [](const RangeContext& ctx) { return ctx.zeros(0); }};
}

}  // namespace thimble::range_rule
