// Per-channel affine maps y = x · scale + shift, and the layers after them that can take them up.
#pragma once

#include "graph/graph.h"

namespace thimble {

struct ChannelAffine {
  std::vector<double> scale, shift;  // per entry of the last axis
};

// Makes the one layer behind tensor `y` = affine(x) compute the same from x: its weights are multiplied by the scales
// and the shifts join its bias (created where there is none). Between them may stand what commutes with the map:
// reshapes that keep whole rows of channels, means over places, average pools, max pools where all scales are positive.
// Exact but for rounding, so not where a window hangs over the border, unless all shifts are 0: there the padding's
// zeros would have to become −shift / scale. `from`: the index of the first node that may read y. The caller lets
// readers of y read x. False, and nothing changed, where there is no such layer, or where y has other readers.
bool fold_into_next(Graph& graph, TensorId y, const ChannelAffine& affine, size_t from);

}  // namespace thimble
