// conv3d: y[b, od, oh, ow, o] = act(bias[o] + Σ x[b, id, ih, iw, c] · w[kd, kh, kw, c, o]) over windows as conv2d's,
// along three axes; conv3d_transpose: what a conv3d of y's size to x's does, turned round, as transpose_conv is to
// conv2d.
//
//   x      [batch, depth, height, width, channels]
//   w      conv3d [kernel_d, kernel_h, kernel_w, channels, outputs], conv3d_transpose [.., outputs, channels]
//   bias   [outputs], optional
//   shape  of conv3d_transpose: five constant int32, y's dimensions; the batch is x's
//   y      [batch, out_d, out_h, out_w, outputs]
// float32. Sizes and paddings: ops/window.h, each axis by itself; all three of strides and dilations count.
// Source: TensorFlow Lite CONV_3D (inputs x, w, bias) and CONV_3D_TRANSPOSE (shape, w, x, bias), version 1.
#pragma once

#include <array>

#include "ops/op.h"
#include "ops/window.h"

namespace thimble {

struct Conv3dAttrs {
  int stride_d = 1, stride_h = 1, stride_w = 1, dilation_d = 1, dilation_h = 1, dilation_w = 1;
  Padding padding = Padding::same;
  Activation activation = Activation::none;
  template <class V>
  void fields(V& v) {
    v("stride_d", stride_d);
    v("stride_h", stride_h);
    v("stride_w", stride_w);
    v("dilation_d", dilation_d);
    v("dilation_h", dilation_h);
    v("dilation_w", dilation_w);
    v("padding", padding);
    v("activation", activation);
  }
};

// The windows of conv3d from its input, of conv3d_transpose from its output: `in` is the size of that side.
struct Conv3dPlan {
  int64_t batch, channels, outputs;
  thimble_axis axes[3];  // depth, height, width
  thimble_range range;

  int64_t taps() const { return axes[0].kernel * axes[1].kernel * axes[2].kernel; }
  int64_t in_places() const { return axes[0].in * axes[1].in * axes[2].in; }
  int64_t out_places() const { return axes[0].out * axes[1].out * axes[2].out; }
};

}  // namespace thimble

namespace thimble {
void fields(PlanVisitor& v, const Conv3dPlan& p);
}
