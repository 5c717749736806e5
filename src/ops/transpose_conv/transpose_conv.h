// transpose_conv: y[b, oh, ow, o] = act(bias[o] + Σ x[b, ih, iw, c] · w[o, kh, kw, c]) over all ih, kh with
// oh = ih · stride − padding + kh, and likewise in the columns: what a convolution of y's size to x's does, turned
// round
//
//   x      [batch, height, width, channels]; float32, int8, uint8 or int16
//   w      [outputs, kernel_h, kernel_w, channels], the type of x, or int8 under float32 (hybrid) and int16
//   bias   [outputs], optional, as conv2d's
//   shape  four constant int32 or int64: y's dimensions, of which rows, columns and channels count: the batch is x's
//   y      [batch, shape[1], shape[2], outputs]
// A convolution of y with the same kernel, strides and padding has to give x's rows and columns; its paddings are used.
// int8, uint8, int16: arithmetic of conv2d. Hybrid: each image is quantised asymmetrically at run time.
// Source: TensorFlow Lite TRANSPOSE_CONV, versions 1 to 5, whose inputs are shape, w, x, bias; MediaPipe's custom
// operator Convolution2DTransposeBias (x, w, bias; the shape follows from them), which is read as this one.
#pragma once

#include "ops/op.h"
#include "ops/transpose_conv/kernel.h"
#include "ops/window.h"

namespace thimble {

struct TransposeConvAttrs {
  int stride_h = 1, stride_w = 1;
  Padding padding = Padding::same;
  Activation activation = Activation::none;
  template <class V>
  void fields(V& v) {
    v("stride_h", stride_h);
    v("stride_w", stride_w);
    v("padding", padding);
    v("activation", activation);
  }
};

namespace transpose_conv_input {
enum Input { kX, kWeights, kBias, kShape };
}

}  // namespace thimble

void fields(thimble::PlanVisitor& v, const thimble_transpose_conv& p);
