// conv2d: y[b, oh, ow, o] = act(bias[o] + Σ_{kh, kw, c} x[b, ih, iw, c] · w[o, kh, kw, c])
//
//   x     [batch, height, width, channels]   float32, int8 or uint8
//   w     [outputs, kernel_h, kernel_w, channels / groups], the type of x (or int8 under float32 x: hybrid)
//   bias  [outputs], optional; float32, or int32 with scale x·w
//   y     [batch, out_h, out_w, outputs]     sizes and paddings: ops/window.h
// Groups: channels / w's channels; output o reads the channels of group o / (outputs / groups).
// int8: weights per tensor or per output (axis 0), zero point 0; requantised by gemmlowp double
// rounding, then clamped. uint8 (legacy): weights carry a zero point too. Padding adds nothing.
// Hybrid: each image of x is quantised at run time; with weight scales that differ (or groups)
// asymmetrically and y = (acc · scale_w) · scale_x + bias, otherwise symmetrically and
// y = acc · (scale_x · scale_w) + bias.
// Source: TensorFlow Lite CONV_2D, versions 1 to 6.
#pragma once

#include "ops/conv2d/kernel.h"
#include "ops/op.h"
#include "ops/window.h"

namespace thimble {

struct Conv2dAttrs {
  int stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  Padding padding = Padding::same;
  Activation activation = Activation::none;
  template <class V>
  void fields(V& v) {
    v("stride_h", stride_h);
    v("stride_w", stride_w);
    v("dilation_h", dilation_h);
    v("dilation_w", dilation_w);
    v("padding", padding);
    v("activation", activation);
  }
};

// The window of weights [.., kernel_h, kernel_w, ..] over images x; for conv2d and depthwise_conv2d.
inline Result<Window> conv_window(const Conv2dAttrs& a, const Shape& x, const Shape& w) {
  return make_window(x[1], x[2], w[1], w[2], a.stride_h, a.stride_w, a.dilation_h, a.dilation_w, a.padding);
}

// Everything a convolution's loops need; only for shapes that infer has accepted.
struct ConvDims {
  explicit ConvDims(const thimble_conv2d& p)
      : batch(p.batch),
        channels(p.channels),
        outputs(p.outputs),
        group_channels(p.group_channels),
        group_outputs(p.group_outputs),
        window{p.h, p.w} {}
  // Of a gradient, whose plan it is not.
  ConvDims(const Conv2dAttrs& a, const Shape& x, const Shape& w)
      : batch(x[0]), channels(x[3]), outputs(w[0]), group_channels(w[3]), group_outputs(w[0] / (x[3] / w[3])) {
    if (auto made = conv_window(a, x, w)) window = *made;
  }
  int64_t groups() const { return channels / group_channels; }
  int64_t batch, channels, outputs, group_channels, group_outputs;
  Window window;
};

// Whether a hybrid convolution quantises its images asymmetrically (see above).
bool hybrid_conv_is_asymmetric(const Quantization& w, int64_t groups);

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_conv2d& p) {
  v.number("batch", p.batch);
  v.number("channels", p.channels);
  v.number("outputs", p.outputs);
  v.number("channels of a group", p.group_channels);
  v.number("outputs of a group", p.group_outputs);
  fields(v, "height", p.h);
  fields(v, "width", p.w);
  v.number("zero point of x", p.x_zero);
  fields(v, "y", p.y, p.outputs);
  fields(v, "range", p.range);
}
