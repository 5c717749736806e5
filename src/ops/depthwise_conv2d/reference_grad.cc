#include <algorithm>

#include "ops/depthwise_conv2d/depthwise_conv2d.h"

namespace thimble::reference {
namespace {

// body(x_index, w_index, dy_index) for every product of the forward sum.
template <class Body>
void for_each_product(const DepthwiseDims& d, Body body) {
  const auto &h = d.window.h, &w = d.window.w;
  int64_t dy = 0;
  for (int64_t b = 0; b < d.batch; ++b)
    for (int64_t oh = 0; oh < h.out; ++oh)
      for (int64_t ow = 0; ow < w.out; ++ow)
        for (int64_t o = 0; o < d.outputs; ++o, ++dy)
          for (int64_t kh = 0; kh < h.kernel; ++kh)
            for (int64_t kw = 0; kw < w.kernel; ++kw) {
              const int64_t ih = h.input_of(oh, kh), iw = w.input_of(ow, kw);
              if (ih < 0 || ih >= h.in || iw < 0 || iw >= w.in) continue;
              body(((b * h.in + ih) * w.in + iw) * d.channels + o / d.multiplier, (kh * w.kernel + kw) * d.outputs + o,
                   dy);
            }
}

}  // namespace

void depthwise_conv2d_grad_input(const RefCall& call) {
  const float *dy = call.in[0].as<float>(), *w = call.in[1].as<float>();
  float* dx = call.out[0].as<float>();
  std::fill_n(dx, call.out[0].shape.elements(), 0.0f);
  const DepthwiseDims d(call.node.attrs.as<DepthwiseConv2dAttrs>(), call.in[2].shape, call.in[1].shape);
  for_each_product(d, [&](int64_t i, int64_t j, int64_t k) { dx[i] += dy[k] * w[j]; });
}

void depthwise_conv2d_grad_weights(const RefCall& call) {
  const float *x = call.in[0].as<float>(), *dy = call.in[1].as<float>();
  float* dw = call.out[0].as<float>();
  std::fill_n(dw, call.out[0].shape.elements(), 0.0f);
  const DepthwiseDims d(call.node.attrs.as<DepthwiseConv2dAttrs>(), call.in[0].shape, call.in[2].shape);
  for_each_product(d, [&](int64_t i, int64_t j, int64_t k) { dw[j] += dy[k] * x[i]; });
}

}  // namespace thimble::reference
