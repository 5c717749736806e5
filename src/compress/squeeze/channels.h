// Removes channels without changing a single output bit: those that nothing reads, and those that hold one and
// the same number whatever the model is fed, whose contribution moves into the biases of their readers.
#pragma once

#include "ops/check.h"

namespace thimble {

// The channels of one layer before and after.
struct SqueezedLayer {
  std::string name;
  int64_t before = 0, after = 0;
  int64_t constant = 0;                           // removed because they hold one number
  int64_t unread = 0;                             // removed because every reader multiplies them by zero
  int64_t weights_before = 0, weights_after = 0;  // elements of the layer's filters
  std::string why;                                // why the others stayed
};

struct SqueezedChannels {
  std::vector<SqueezedLayer> layers;  // layers whose filters make channels, in execution order
  int64_t removed = 0, rounds = 0;
};

// Iterated to a fixed point. A channel goes where for each of its readers (convolutions and dense layers)
//   all weights on it are zero, or
//   8 bit: its value c is constant (compress/squeeze/ranges.h) and Σ w·(c − zero point) is the same at every
//          position, borders included, and fits into the int32 bias with all that is there; it is added to it, or
//   float32 (with float_channels): it is +0 everywhere, for finite inputs: the sums lose terms of ±0. The order of
//          a sum may change with its length, so the caller must compare outputs.
// At least one channel of each layer stays.
Result<SqueezedChannels> squeeze_channels(Graph& graph, bool float_channels);

}  // namespace thimble
