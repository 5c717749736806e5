// concatenation: y = the inputs one after the other along one axis.
//   inputs  one or more of the same type and rank; equal dimensions except along the axis
//   axis    negative: from the end
// Any element type of whole bytes. int8 and int16: every input has the output's quantisation (a plain
// copy); uint8 inputs of another scale are rescaled in float32, rounded half away from zero:
//   y = clamp(round(x · s + (−zx · s)) + zy), s = scale_x · (1 / scale_y)
// Source: TensorFlow Lite CONCATENATION (a fused activation exists in the format, not in any kernel).
#pragma once

#include "graph/graph.h"
#include "ops/concatenation/kernel.h"
#include "ops/strided_copy.h"

namespace thimble {

struct ConcatenationAttrs {
  int axis = 0;
  Activation activation = Activation::none;
  template <class V>
  void fields(V& v) {
    v("axis", axis);
    v("activation", activation);
  }
};

// Whether an input has to be brought to the output's scale: uint8 only.
bool needs_rescaling(DType type, const Quantization& x, const Quantization& y);
// The uint8 value q of quantisation x in quantisation y, both per tensor.
uint8_t rescaled(uint8_t q, const Quantization& x, const Quantization& y);

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_concatenation& p) { fields(v, "inputs", p.inputs); }
