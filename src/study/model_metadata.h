// What Thimble writes into its models beside the network: how to feed them.
#pragma once

#include "data/feeding.h"
#include "graph/graph.h"

namespace thimble {

inline constexpr const char* kPreprocessKey = "thimble.preprocess";

}  // namespace thimble
