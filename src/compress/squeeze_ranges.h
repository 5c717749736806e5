// What each channel of each activation can be, whatever the model is fed: interval arithmetic on the integers of a
// quantised graph, from the inputs' whole range to the outputs.
#pragma once

#include "ops/check.h"
#include "ops/window.h"

namespace thimble::compress {

// Every value that a channel takes, at every position, lies in [lo, hi].
struct ValueRange {
  int32_t lo = 0, hi = 0;
  bool constant() const { return lo == hi; }
  friend bool operator==(const ValueRange&, const ValueRange&) = default;
};

struct GraphRanges {
  // By tensor, then by entry of the last axis. Empty for tensors that are not int8 or uint8.
  std::vector<std::vector<ValueRange>> integer;
  // float32: whether the entry is +0 at every position for all finite inputs. Empty for other types.
  std::vector<std::vector<char>> zero;
};

// A sum of products requantises to [round(v − e), round(v + e)] with a small e, joined with what Thimble's own
// arithmetic gives, so that a channel is called constant only where every runtime's rounding (gemmlowp's double
// rounding, one rounding, XNNPACK's float) agrees. Accumulators that could leave int32 count as unknown.
// Convolutions are evaluated for every way in which their window can hang over the border.
GraphRanges value_ranges(const Graph& graph);

// Which taps of a window lie inside the image: the distinct ranges [first, last) over all output positions.
struct TapRange {
  int64_t first = 0, last = 0;
  friend bool operator==(const TapRange&, const TapRange&) = default;
};
std::vector<TapRange> tap_ranges(const WindowAxis& axis);

}  // namespace thimble::compress
