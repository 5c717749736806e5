#include "compress/squeeze/ranges.h"
#include "ops/conv2d/conv2d.h"

namespace thimble::range_rule {
namespace {

compress::WeightedLayer layer(const compress::RangeContext& ctx) {
  return {.activation = ctx.node.attrs.as<Conv2dAttrs>().activation, .grouped = true};
}

}  // namespace

compress::RangeRule conv2d(Op) {
  return {[](const compress::RangeContext& ctx) { return convolution_ranges(ctx, layer(ctx)); },
          [](const compress::RangeContext& ctx) { return weighted_zeros(ctx, layer(ctx)); }};
}

}  // namespace thimble::range_rule
