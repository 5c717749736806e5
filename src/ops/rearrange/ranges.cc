#include "compress/squeeze/ranges.h"
#include "ops/rearrange/rearrange.h"

namespace thimble::range_rule {

// Values of x, each channel for itself where channels stay; padding adds the zero point.
compress::RangeRule rearrange(Op) {
  return {[](const compress::RangeContext& ctx) -> compress::Ranges {
    const auto moved = moved_dimensions(ctx.graph, ctx.node);
    const int rank = ctx.in(0).shape.rank();
    if (rank == 0) return {};
    compress::Ranges r = moved[static_cast<size_t>(rank - 1)]
                             ? compress::moved(ctx.ranges(0), ctx.channels, false, compress::join)
                             : ctx.ranges(0);
    if (ctx.node.op == Op::space_to_batch_nd) {
      const int32_t zero = ctx.in(0).quant.zero_point[0];
      for (auto& range : r) range = compress::join(range, {zero, zero});
    }
    return r;
  }};
}

}  // namespace thimble::range_rule
