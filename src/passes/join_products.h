// What a recurrent layer computes from its input alone needs no steps: one product over the whole sequence in place of
// one for each step.
#pragma once

#include "ops/check.h"

namespace thimble {

// fully_connected nodes with the same constants, one for each step of a tensor [batch, time, features], become one over
// that tensor, and each result a slice of what it gives. The same values, bit for bit. Returns how many nodes were
// joined.
Result<int> join_products(Graph& graph);

}  // namespace thimble
