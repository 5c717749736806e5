// dilate: x's elements with dilations[d] − 1 times the padding value between neighbours along axis d
//
//   x          any type of whole bytes, rank 1 to 8
//   dilations  constant int32 or int64, one from 1 per axis
//   value      one element of x's type
//   y          (size − 1) · dilation + 1 along each axis; an empty axis stays empty
// Source: TensorFlow Lite DILATE, version 1.
#pragma once

#include "ops/op.h"

namespace thimble {

struct DilateAttrs {
  template <class V>
  void fields(V&) {}
};

}  // namespace thimble
