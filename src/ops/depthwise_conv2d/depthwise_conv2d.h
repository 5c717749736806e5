// depthwise_conv2d: y[b, oh, ow, c·M + m] = act(bias[c·M + m] + Σ_{kh, kw} x[b, ih, iw, c] · w[0, kh, kw, c·M + m])
//
//   x     [batch, height, width, channels]   float32, int8 or uint8
//   w     [1, kernel_h, kernel_w, channels · M], the type of x (or int8 under float32 x: hybrid)
//   bias  [channels · M], optional; float32, or int32 with scale x·w
//   y     [batch, out_h, out_w, channels · M]; sizes and paddings: ops/window.h
// The depth multiplier M follows from the shapes. int8 weights per tensor or per output (axis 3).
// Hybrid: each image is quantised asymmetrically, y = acc · (scale_w · scale_x) + bias.
// Source: TensorFlow Lite DEPTHWISE_CONV_2D, versions 1 to 6.
#pragma once

#include "ops/conv2d/conv2d.h"
#include "ops/depthwise_conv2d/kernel.h"

namespace thimble {

using DepthwiseConv2dAttrs = Conv2dAttrs;

// Everything the loops need; only for shapes that infer has accepted.
struct DepthwiseDims {
  explicit DepthwiseDims(const thimble_depthwise_conv2d& p)
      : batch(p.batch), channels(p.channels), outputs(p.outputs), multiplier(p.multiplier), window{p.h, p.w} {}
  // Of a gradient, whose plan it is not.
  DepthwiseDims(const DepthwiseConv2dAttrs& a, const Shape& x, const Shape& w)
      : batch(x[0]), channels(x[3]), outputs(w[3]), multiplier(w[3] / x[3]) {
    if (auto made = conv_window(a, x, w)) window = *made;
  }
  int64_t batch, channels, outputs, multiplier;
  Window window;
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_depthwise_conv2d& p) {
  v.number("batch", p.batch);
  v.number("channels", p.channels);
  v.number("outputs", p.outputs);
  v.number("outputs of a channel", p.multiplier);
  fields(v, "height", p.h);
  fields(v, "width", p.w);
  v.number("zero point of x", p.x_zero);
  fields(v, "y", p.y, p.outputs);
  fields(v, "range", p.range);
}
