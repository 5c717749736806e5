// Loops that are written out move elements in small steps: a list is joined anew at each turn, an entry taken from a
// tensor that was turned round for it. This pass finds the short way from where the elements were computed.
#pragma once

#include "ops/check.h"

namespace thimble {

// What operators and graph outputs read, where it comes by two moves or more, is taken from its source at once: by a
// reshape, a slice along time, a join along it (passes/arrange.h), which treat examples of a batch alike. An operand
// that was only made flat for an elementwise operator is read as it was. The same values, bit for bit. Returns how many
// operands were changed.
Result<int> shorten_moves(Graph& graph);

}  // namespace thimble
