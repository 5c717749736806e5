// Clamps that stand alone after the operator that makes their input move into it, as .tflite files have it: one
// operator and one rounding fewer in the int8 form.
#pragma once

#include "graph/graph.h"

namespace thimble {

// relu, relu6 and relu_n1_to_1 become the activation of the float convolution, depthwise convolution, dense or
// add/sub/mul node before them where that has none and nothing else reads its output. Batch norm leaves such pairs when
// it is folded. Returns how many moved.
int fuse_activations(Graph& graph);

}  // namespace thimble
