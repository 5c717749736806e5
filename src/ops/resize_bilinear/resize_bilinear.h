// resize_bilinear: images of another size, each pixel from the four around its place in x.
//   x     [b, h, w, c], float32, int8, uint8 or int16
//   size  constant int32 [2]: height and width of y, above 0
// The place of row i is i · s, s = in / out; half_pixel_centers: (i + 0.5) · s − 0.5; align_corners: s = (in − 1) /
// (out − 1); not both. Below it lies row max(0, ⌊place⌋), above it min(in − 1, ⌈place⌉), and f = place − below is not
// clamped. float32 and uint8: y = x00 · (1 − fy) · (1 − fx) + x10 · fy · (1 − fx) + x01 · (1 − fy) · fx + x11 · fy · fx
// in float32, in that order; uint8 adds 0.5 and cuts off. int8 and int16: place and s in integers of 1/1024, s rounded
// to nearest; the sum of products of 2^20 is rounded half away from zero. Input and output have the same quantisation.
// Source: TensorFlow Lite RESIZE_BILINEAR, reference kernels.
//
// resize_bilinear_grad(dy) → dx in `shape`: every dy in its four shares, in the order of dy. float32.
#pragma once

#include "ops/op.h"
#include "ops/rearrange/rearrange.h"
#include "ops/resize_bilinear/kernel.h"

namespace thimble {

struct ResizeGradAttrs {
  std::vector<int64_t> shape;  // of x
  bool align_corners = false, half_pixel_centers = false;
  template <class V>
  void fields(V& v) {
    v("shape", shape);
    v("align_corners", align_corners);
    v("half_pixel_centers", half_pixel_centers);
  }
};

}  // namespace thimble

void fields(thimble::PlanVisitor& v, const thimble_resize& p);
