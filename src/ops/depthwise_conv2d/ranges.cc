#include "compress/squeeze/ranges.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"

namespace thimble::range_rule {
namespace {

compress::WeightedLayer layer(const compress::RangeContext& ctx) {
  return {.activation = ctx.node.attrs.as<DepthwiseConv2dAttrs>().activation, .depthwise = true};
}

}  // namespace

compress::RangeRule depthwise_conv2d(Op) {
  return {[](const compress::RangeContext& ctx) { return convolution_ranges(ctx, layer(ctx)); },
          [](const compress::RangeContext& ctx) { return weighted_zeros(ctx, layer(ctx)); }};
}

}  // namespace thimble::range_rule
