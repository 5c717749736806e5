// max_pool, average_pool, l2_pool (the root of the mean square): over windows of each channel of x [batch, height,
// width, channels]; y [batch, out_h, out_w, channels] of x's type and quantisation, then a fused clamp. Positions
// outside the image count for nothing (the average divides by the number of elements inside).
// float32, int8, uint8, int16 (averages of 2^15 values at most); l2_pool float32. Integer averages round half away from
// zero, of 2^23 values at most. The float maximum starts at
// the lowest finite number and passes over NaN, as TensorFlow Lite's does. Source: TensorFlow Lite MAX_POOL_2D,
// AVERAGE_POOL_2D and L2_POOL_2D, versions 1 to 3. Sizes: ops/window.h.
#pragma once

#include "ops/op.h"
#include "ops/pool2d/kernel.h"
#include "ops/window.h"

namespace thimble {

struct Pool2dAttrs {
  int filter_h = 1, filter_w = 1, stride_h = 1, stride_w = 1;
  Padding padding = Padding::valid;
  Activation activation = Activation::none;
  template <class V>
  void fields(V& v) {
    v("filter_h", filter_h);
    v("filter_w", filter_w);
    v("stride_h", stride_h);
    v("stride_w", stride_w);
    v("padding", padding);
    v("activation", activation);
  }
};

inline Result<Window> pool_window(const Pool2dAttrs& a, const Shape& x) {
  return make_window(x[1], x[2], a.filter_h, a.filter_w, a.stride_h, a.stride_w, 1, 1, a.padding);
}

// The clamp of an integer pool: the type's range where nothing is fused.
void pool_clamp(Activation a, DType type, const Quantization& y, int32_t* lo, int32_t* hi);

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_pool2d& p) {
  v.number("batch", p.batch);
  v.number("channels", p.channels);
  fields(v, "height", p.h);
  fields(v, "width", p.w);
  v.number("low", p.lo);
  v.number("high", p.hi);
  fields(v, "range", p.range);
}
