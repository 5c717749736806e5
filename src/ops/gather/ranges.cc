#include "compress/squeeze/ranges.h"

namespace thimble::range_rule {

// Entries of x, each channel for itself unless it is channels that are picked.
compress::RangeRule gather(Op) {
  return {[](const compress::RangeContext& ctx) {
    const AxisMap axes = axes_of(ctx.graph, ctx.node);
    const bool keeps_channels = axes.uses(0).back().link == AxisLink::same;
    return keeps_channels ? ctx.ranges(0) : compress::moved(ctx.ranges(0), ctx.channels, false, compress::join);
  }};
}

}  // namespace thimble::range_rule
