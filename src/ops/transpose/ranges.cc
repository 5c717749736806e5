#include "compress/squeeze/ranges.h"

namespace thimble::range_rule {

// Any element may end anywhere.
compress::RangeRule transpose(Op) {
  return {[](const compress::RangeContext& ctx) {
    return compress::moved(ctx.ranges(0), ctx.channels, false, compress::join);
  }};
}

}  // namespace thimble::range_rule
