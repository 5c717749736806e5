// reshape, squeeze, expand_dims: the same elements in another shape; no byte moves.
//   reshape      inputs x, optional shape (constant int32/int64; one entry may be −1); without it attrs.shape
//   squeeze      drops the axes listed in attrs.axes (negative from the end), or all of length 1
//   expand_dims  inputs x, axis (constant): inserts a dimension of 1
// Any element type; quantisation of input and output is the same. Source: TensorFlow Lite RESHAPE,
// SQUEEZE, EXPAND_DIMS.
#pragma once

#include "graph/graph.h"

namespace thimble {

struct ReshapeAttrs {
  std::vector<int64_t> shape;
  template <class V>
  void fields(V& v) {
    v("shape", shape);
  }
};

struct SqueezeAttrs {
  std::vector<int64_t> axes;
  template <class V>
  void fields(V& v) {
    v("axes", axes);
  }
};

struct ExpandDimsAttrs {
  template <class V>
  void fields(V&) {}
};

}  // namespace thimble
