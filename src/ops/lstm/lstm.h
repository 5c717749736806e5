// lstm: the training form of a long short-term memory layer, batch-major, float32, zero initial state.
//
//   x          [batch, time, inputs]
//   kernel     [4·units, inputs]     gates in the order i, f, g, o (Keras: input, forget, cell, output)
//   recurrent  [4·units, units]
//   bias       [4·units]
//   y          [batch, time, units] with return_sequences, else [batch, units]: the last step
//   gates      [time, batch, 4·units]  activated gates; this and what follows is kept for lstm_grad
//   cells      [time, batch, units]    c_t
//   tanh_cells [time, batch, units]    tanh(c_t)
//   hidden     [time, batch, units]    h_t
//
//   i, f, o = sigmoid(a), g = tanh(a) with a = kernel·x_t + recurrent·h_{t−1} + bias
//   c_t = f·c_{t−1} + i·g,  h_t = o·tanh(c_t)                     (Hochreiter and Schmidhuber, 1997)
// With cell_clip > 0, c_t is clipped to ±cell_clip (files converted from Keras clip at 10, which cells seldom
// reach); the gradient passes straight through the clip.
//
// lstm_grad: from x, kernel, recurrent, gates, cells, tanh_cells, hidden and dy (the shape of y) the
// gradients of kernel, recurrent, bias and, with input_gradient, of x: backpropagation through time.
// A .tflite file carries unidirectional_sequence_lstm instead (src/passes/lower_lstm.h).
#pragma once

#include "graph/graph.h"

namespace thimble {

struct LstmAttrs {
  bool return_sequences = false;
  float cell_clip = 0;  // 0: none
  template <class V>
  void fields(V& v) {
    v("return_sequences", return_sequences);
    v("cell_clip", cell_clip);
  }
};

struct LstmGradAttrs {
  bool return_sequences = false;
  bool input_gradient = true;  // a fourth output: dx
  template <class V>
  void fields(V& v) {
    v("return_sequences", return_sequences);
    v("input_gradient", input_gradient);
  }
};

// Sizes, read off x and recurrent.
struct LstmDims {
  int64_t batch, time, inputs, units;
};
inline LstmDims lstm_dims(const Shape& x, const Shape& recurrent) { return {x[0], x[1], x[2], recurrent[1]}; }

}  // namespace thimble
