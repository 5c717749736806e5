// Operators by their number in packed files (the last entry of their row in ops.def).
#pragma once

#include "ops/op.h"

namespace thimble::thim {

// −1 for operators of the training graph.
int number_of(Op op);
// Op::count for a number that stands for none; numbers are below the end, with gaps.
Op operator_of(uint64_t number);
uint64_t numbers_end();
// Since which version of packed files the number stands for an operator.
int since_version(uint64_t number);

}  // namespace thimble::thim
