#include "compress/squeeze/ranges.h"
#include "ops/pad/pad.h"

namespace thimble::range_rule {

compress::RangeRule pad(Op) {
  return {[](const compress::RangeContext& ctx) -> compress::Ranges {
    const Tensor& amount = ctx.in(1);
    if (!amount.constant()) return {};
    const IntList list(amount.type, amount.data.bytes, amount.shape.elements());
    int32_t value = ctx.in(0).quant.zero_point[0];
    if (ctx.has(2)) {
      if (!ctx.in(2).constant()) return {};
      value = compress::element(ctx.in(2), 0);
    }
    const auto before = static_cast<size_t>(list.values[list.count - 2]);
    const compress::Ranges& from = ctx.ranges(0);
    const bool around = std::ranges::any_of(list.span().first(list.count - 2), [](int64_t v) { return v != 0; });
    compress::Ranges r(ctx.channels, compress::ValueRange{value, value});
    for (size_t k = 0; k < from.size(); ++k) r[before + k] = around ? join(from[k], {value, value}) : from[k];
    return r;
  }};
}

}  // namespace thimble::range_rule
