#include "compress/squeeze/ranges.h"
#include "ops/pool2d/pool2d.h"

namespace thimble::range_rule {

compress::RangeRule pool2d(Op) {
  return {[](const compress::RangeContext& ctx) {
            int32_t lo, hi;
            pool_clamp(ctx.node.attrs.as<Pool2dAttrs>().activation, ctx.out().type, ctx.out().quant, &lo, &hi);
            compress::Ranges r = ctx.ranges(0);
            for (compress::ValueRange& v : r) v = {std::clamp(v.lo, lo, hi), std::clamp(v.hi, lo, hi)};
            return r;
          },
          [](const compress::RangeContext& ctx) { return ctx.zeros(0); }};
}

}  // namespace thimble::range_rule
