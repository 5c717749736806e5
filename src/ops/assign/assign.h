// assign(variable, value): the variable's memory holds the value from here on, in this run and the next.
//   variable  a variable of the graph; whoever reads it before this node sees what it held so far
//   value     of its type, shape and quantisation
// No outputs. Source: TensorFlow Lite ASSIGN_VARIABLE.
#pragma once

#include "ops/op.h"

namespace thimble {

struct AssignAttrs {
  template <class V>
  void fields(V&) {}
};

}  // namespace thimble
