// Turns the LSTM layers of .tflite files into their training form: the inverse of passes/lower_lstm.h.
#pragma once

#include "ops/check.h"

namespace thimble {

// Each plain float unidirectional_sequence_lstm (tanh, no peephole, projection or layer normalisation,
// batch-major, zero initial states that nothing else reads) becomes an lstm node with
// constants "LAYER/kernel", "LAYER/recurrent_kernel" and "LAYER/bias", the gates one below the other. A
// strided_slice that only takes the last step becomes part of it. Others stay as they are. Returns how
// many were turned. The result computes the same as the original from fresh states, and lower_lstm gives
// the original back.
Result<int> raise_lstm(Graph& graph);

}  // namespace thimble
