// The channels of a float32 depthwise convolution in registers, for its values and its weight gradient.
#pragma once

#include "kernels/vec.h"

namespace thimble {
namespace {

// Calls body(c, run, V) for all channels: two registers at a time (V = 2), then one, then a part.
struct One {
  static constexpr int count = 1;
};
struct Two {
  static constexpr int count = 2;
};
template <class Body>
THIMBLE_INLINE void for_channels(int64_t channels, Body body) {
  int64_t c = 0;
  for (; c + 2 * kLanes <= channels; c += 2 * kLanes) body(c, Whole{}, Two{});
  for_runs(channels - c, [&](int64_t i, auto run) { body(c + i, run, One{}); });
}

}  // namespace
}  // namespace thimble
