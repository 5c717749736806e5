// where(x): the coordinates of all elements that are not 0, in their order.
//   x  bool, float32, int8, uint8, int32, int64 or uint32, of rank 1 or more; its values decide the shape of y and have
//   to be
//      known when the graph is read
//   y  int64 [n, rank]
// Source: TensorFlow Lite WHERE (one operand; with three it is SELECT).
#pragma once

#include "ops/op.h"

namespace thimble {

struct WhereAttrs {
  template <class V>
  void fields(V&) {}
};

// Whether element i is not 0.
bool holds_at(DType type, const void* x, int64_t i);

}  // namespace thimble
