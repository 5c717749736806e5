#include "compress/squeeze/ranges.h"
#include "ops/fully_connected/fully_connected.h"

namespace thimble::range_rule {
namespace {

compress::WeightedLayer layer(const compress::RangeContext& ctx) {
  return {.activation = ctx.node.attrs.as<FullyConnectedAttrs>().activation};
}

}  // namespace

compress::RangeRule fully_connected(Op) {
  return {[](const compress::RangeContext& ctx) { return weighted_ranges(ctx, layer(ctx)); },
          [](const compress::RangeContext& ctx) { return weighted_zeros(ctx, layer(ctx)); }};
}

}  // namespace thimble::range_rule
