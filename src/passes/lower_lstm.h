// Turns the training form of LSTM layers into the form that .tflite files carry.
#pragma once

#include "ops/check.h"

namespace thimble {

// Each lstm with constant weights becomes a unidirectional_sequence_lstm: the weights are split by gate
// ("LAYER/input_to_forget_weights", "LAYER/recurrent_to_cell_weights", "LAYER/forget_gate_bias" …), the
// states are variables of the graph's batch size (which is fixed from then on), and without return_sequences a
// strided_slice takes the last step. Returns how many there were. A session on the result keeps the states between
// runs: Session::reset_variables() starts a new sequence. Errors: unsupported where weights are not constants or what
// lstm keeps for training is read.
Result<int> lower_lstm(Graph& graph);

}  // namespace thimble
