// split, split_v: the outputs are consecutive parts of x along one axis.
//   split    inputs axis (constant scalar), x; equal parts, one per output
//   split_v  inputs x, sizes (constant, one per output; one may be −1: what is left), axis (constant)
//   unpack   input x, the axis an attribute; parts of one entry each, whose axis is dropped
// Any type of whole bytes; quantisation of input and outputs is the same. Source: TensorFlow Lite
// SPLIT, SPLIT_V, UNPACK.
#pragma once

#include "graph/graph.h"
#include "ops/split/kernel.h"
#include "ops/strided_copy.h"

namespace thimble {

// The number of parts is the number of outputs.
struct SplitAttrs {
  template <class V>
  void fields(V&) {}
};

struct UnpackAttrs {
  int axis = 0;
  template <class V>
  void fields(V& v) {
    v("axis", axis);
  }
};

// Which input is x, and which the axis; −1 where it is none.
struct SplitInputs {
  int x, axis;
};
SplitInputs split_inputs(Op op);

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_split& p) { fields(v, "outputs", p.outputs); }
