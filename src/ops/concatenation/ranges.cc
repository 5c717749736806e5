#include "compress/squeeze/ranges.h"

namespace thimble::range_rule {

compress::RangeRule concatenation(Op) {
  return {[](const compress::RangeContext& ctx) -> compress::Ranges {
    for (size_t i = 0; i < ctx.node.inputs.size(); ++i)
      if (!(ctx.in(i).quant == ctx.out().quant)) return {};
    const AxisMap axes = axes_of(ctx.graph, ctx.node);
    compress::Ranges r;
    if (axes.uses(0).back().link == AxisLink::placed) {
      for (size_t i = 0; i < ctx.node.inputs.size(); ++i) r.insert(r.end(), ctx.ranges(i).begin(), ctx.ranges(i).end());
      return r;
    }
    r.assign(ctx.channels, compress::ValueRange{INT32_MAX, INT32_MIN});
    for (size_t i = 0; i < ctx.node.inputs.size(); ++i) {
      if (ctx.ranges(i).size() != ctx.channels) return {};
      for (size_t k = 0; k < ctx.channels; ++k) r[k] = join(r[k], ctx.ranges(i)[k]);
    }
    return r;
  }};
}

}  // namespace thimble::range_rule
