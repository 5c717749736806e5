// Weights of legacy uint8 files, w − zero point in [−255, 255], as what the int8 kernels take.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace thimble {

// One part where every w − zero point fits −127 … 127, else two whose sum it is: a window that reads each of its
// elements twice, once per part, gives the product. Each part has the shape of `weights`; the zero points lie along
// its quantised axis or are one. Nothing where even two parts are too narrow (w − zero point = ±255).
std::vector<std::vector<int8_t>> legacy_weights(const Tensor& weights, int channel_axis);

}  // namespace thimble
