#include "compress/squeeze/ranges.h"

namespace thimble::range_rule {

compress::RangeRule reshape(Op op) {
  using compress::RangeContext;
  compress::RangeRule rule{
      [](const RangeContext& ctx) { return compress::moved(ctx.ranges(0), ctx.channels, true, compress::join); }};
  if (op == Op::reshape)
    rule.zero = [](const RangeContext& ctx) {
      return compress::moved(ctx.zeros(0), ctx.channels, true,
                             [](char a, char b) { return static_cast<char>(a && b); });
    };
  return rule;
}

}  // namespace thimble::range_rule
