// broadcast_to(x, shape): x repeated to the shape, aligned at the last dimension, as NumPy does.
// fill(dims, value): a tensor of the shape `dims` that holds one value, a scalar.
//   x, value     any type of whole bytes, kept with its quantisation
//   shape, dims  constant int32 or int64 vectors
// Source: TensorFlow Lite BROADCAST_TO, FILL. (In training graphs broadcast_to_shape does the same for float32, with
// the shape as an attribute.)
#pragma once

#include "ops/broadcast.h"
#include "ops/op.h"

struct thimble_broadcast_to {
  thimble_broadcast broadcast;  // of the source with the result: `a` is the source
  int source;                   // which input it is
  int width;                    // bytes of an element
};

inline void fields(thimble::PlanVisitor& v, const thimble_broadcast_to& p) {
  fields(v, "broadcast", p.broadcast);
  v.number("source", p.source);
  v.number("bytes of an element", p.width);
}
