// Makes a training graph cheaper without changing a value: gradients of clamps (relu, relu6) move
// into the operator that made their input, and activations that only the loss would have needed go.
#pragma once

#include "graph/graph.h"

namespace thimble {

// relu_grad(y, d) with d = max_pool_grad(y, …) or conv2d_grad_input(…, y), used nowhere else, becomes
// the activation of that operator; unused softmax, log_softmax and sigmoid nodes are removed. Tensor
// numbers stay; `keep` are read outside the graph. Returns how many nodes went.
int fuse_gradients(Graph& graph, std::span<const TensorId> keep);

}  // namespace thimble
