// unique(x): the different values of a vector in the order of their first entries, and for every entry which it is.
//   x        float32 (no NaN), int8, uint8, int16, int32 or int64 [n]; its values decide the shape of y and have to be
//   known
//            when the graph is read
//   y        [m], of x's type and quantisation
//   indices  [n], int32 or int64: x = y[indices]
// Source: TensorFlow Lite UNIQUE.
#pragma once

#include "ops/op.h"

namespace thimble {

struct UniqueAttrs {
  bool wide = false;  // int64 indices
  template <class V>
  void fields(V& v) {
    v("wide", wide);
  }
};

// How many different values the n entries at x have. scratch: 16 · n bytes. visit(i, which, fresh): of every entry in
// order, which of the different values it is, and whether it is the first such.
int64_t unique_entries(DType type, const void* x, int64_t n, void* scratch,
                       void (*visit)(void*, int64_t, int64_t, bool), void* context);

}  // namespace thimble
