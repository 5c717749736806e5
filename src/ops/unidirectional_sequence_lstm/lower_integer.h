// The int8 and hybrid lowerings of unidirectional_sequence_lstm; constants only, checked by the caller.
#pragma once

#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"
#include "runtime/lower.h"

namespace thimble::lowering {

bool lower_sequence_lstm_s8(LowerContext& ctx, const thimble_unidirectional_sequence_lstm& d);
bool lower_sequence_lstm_hybrid(LowerContext& ctx, const thimble_unidirectional_sequence_lstm& d,
                                const SequenceLstmAttrs& attrs);

}  // namespace thimble::lowering
