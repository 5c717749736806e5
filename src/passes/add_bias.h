// Gives every convolution the bias that other runtimes insist on.
#pragma once

#include "graph/graph.h"

namespace thimble {

// conv2d without a bias gets one of float zeros, named "NODE/bias"; TFLite refuses the operator without
// it. Only float convolutions are touched. Returns how many were.
int add_missing_biases(Graph& graph);

}  // namespace thimble
