// Recurrent layers that a file has as loops, in the form that other passes know.
#pragma once

#include "ops/check.h"

namespace thimble {

// Where matrices are used again and again, step after step: LSTM layers become unidirectional_sequence_lstm nodes
// (roll_lstm.h, lower_lstm.h), whose states begin at 0 in a new session or after Session::reset_variables(); all others
// (GRU, simple RNN) stay plain operators, with the same constants shared, no more moves than it takes (shorten_moves.h)
// and one product for all steps of the input (join_products.h). Other graphs come back as they are. The same function
// from fresh states, but for the order of sums.
Result<Checked> raise_loops(Checked checked);

}  // namespace thimble
