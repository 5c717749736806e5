// LSTM layers that a graph has step by step become one operator again: TensorFlow's converter writes them as loops,
// which are read step after step (docs/notes/recurrent-layers.md).
#pragma once

#include "ops/check.h"

namespace thimble {

// Each chain of two or more steps
//   c = sigmoid(z_f) · c' + sigmoid(z_i) · tanh(z_g),   h = sigmoid(z_o) · tanh(c),   z = W·x + R·h' + b
// that begins at h' = c' = 0, with the same constants W, R and b in every step and the steps of one tensor as x,
// forward or backward, becomes an lstm node (ops/lstm/lstm.h), and what read an h reads the layer's output. Which gate
// is which, and which rows of the matrices are its, follows from how they are used. The result computes the same but
// for the order of sums. Whatever differs (another activation, given states, masks, a cell state that something else
// reads) stays as it is. Returns how many layers there are.
Result<int> roll_lstm(Graph& graph);

}  // namespace thimble
