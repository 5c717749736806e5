// relu_grad: dx = dy where lo < y < hi, else 0: the gradient of a clamp seen from its output y.
// Serves fused activations relu (0, ∞), relu6 (0, 6) and relu_n1_to_1 (−1, 1), for which the
// output alone decides. Inputs y, dy of one shape; output dx.
#pragma once

#include "graph/graph.h"

namespace thimble {

struct ReluGradAttrs {
  Activation activation = Activation::relu;
  template <class V>
  void fields(V& v) {
    v("activation", activation);
  }
};

// Some gradient operators do the same to what they give, in the loop that gives it. Lets `gradient` take the clamp that
// `y`, an operand of it, came out of; false, and nothing changes, where it takes none.
bool take_clamp(Node& gradient, TensorId y, Activation activation);

}  // namespace thimble
