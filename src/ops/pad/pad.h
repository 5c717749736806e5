// pad: y = x with rows of one value added before and after in every dimension.
//   x         any type of whole bytes, rank 1 to 8
//   paddings  constant int32/int64 [rank, 2]: how many before, how many after; not negative
//   value     optional, one element of x's type (PADV2); else 0, quantised types: the zero point
// Quantised: input and output (and value) have the same quantisation. Source: TensorFlow Lite PAD, PADV2.
#pragma once

#include "graph/graph.h"
#include "ops/pad/kernel.h"
#include "ops/strided_copy.h"

namespace thimble {

struct PadAttrs {
  template <class V>
  void fields(V&) {}
};

}  // namespace thimble

void fields(thimble::PlanVisitor& v, const thimble_pad& p);
