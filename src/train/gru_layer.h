// The layer word `gru`.
#pragma once

#include "train/layers.h"

namespace thimble {

// gru = units: input [batch, time, features]; a picture [batch, height, width, 1] is read row by row. Keras's default
// form (reset_after = true), with hidden state h (0 before the first step), input x, and a bias on either side:
//   z = sigmoid(x·Wz + bz + h·Uz + cz)         update gate
//   r = sigmoid(x·Wr + br + h·Ur + cr)         reset gate
//   n = tanh(x·Wn + bn + r ∘ (h·Un + cn))      candidate
//   h' = n + z ∘ (h − n)
// Parameters: kernel [3·units, features] and recurrent_kernel [3·units, units], rows z, r, n; bias and recurrent_bias
// [3·units]: 3·units·(features + units + 2) values, as Keras counts them. Kernel by `initializer`, recurrent weights
// orthogonal, biases 0.
// There is no fused GRU in .tflite (UNIDIRECTIONAL_SEQUENCE_LSTM has another cell), so the steps are unrolled into
// FULLY_CONNECTED, SPLIT_V, ADD, SUB, MUL, LOGISTIC and TANH, in training and in the file alike: what is trained is,
// operator for operator, what is written. About 12 operators per step, hence at most 512 steps.
Result<TensorId> gru_layer(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name);

}  // namespace thimble
