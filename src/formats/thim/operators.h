// The numbers of operators in packed files. They never change; a new operator takes the next free one.
#pragma once

#include "ops/op.h"

namespace thimble::thim {

struct OperatorRow {
  int number;
  Op op;
  Attrs (*attributes)();  // of a new node: every field at its default
};

// Null for an operator that packed files do not know (those of training).
const OperatorRow* row_of(Op op);
const OperatorRow* row_of(uint64_t number);

}  // namespace thimble::thim
