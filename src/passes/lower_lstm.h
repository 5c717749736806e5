// Turns the training form of LSTM layers into the form that .tflite files carry.
#pragma once

#include <array>

#include "base/result.h"
#include "passes/rewrite.h"

namespace thimble {

// Weights or biases of a layer: one operand of the training form, four of the other.
struct LstmGates {
  size_t input = 0, first_gate = 0;  // which operand it was, and which the first gate is; the others follow
  TensorId whole = kNoTensor;        // of the graph as it was
  std::array<TensorId, 4> gates{};   // of the graph now: input, forget, cell, output
};

// A layer in both forms.
struct LoweredLstm {
  TensorId output = kNoTensor;          // what the training form gave, in the graph as it was
  TensorId sequence = kNoTensor;        // what the new node gives, all steps, in the graph now
  std::array<LstmGates, 3> operands{};  // weights of the inputs, weights of the hidden state, biases
};

struct LstmLowering : Rewrite {
  std::vector<LoweredLstm> layers;
};

// Each lstm with constant weights becomes a unidirectional_sequence_lstm: the weights are split by gate
// ("LAYER/input_to_forget_weights", "LAYER/recurrent_to_cell_weights", "LAYER/forget_gate_bias" …), the
// states are variables of the graph's batch size (which is fixed from then on), and without return_sequences a
// strided_slice takes the last step. A session on the result keeps the states between runs:
// Session::reset_variables() starts a new sequence. Errors: unsupported where weights are not constants or what
// lstm keeps for training is read.
Result<LstmLowering> lower_lstm(Graph& graph);

}  // namespace thimble
