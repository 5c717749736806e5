#include <algorithm>

#include "ops/conv2d/conv2d.h"

namespace thimble::reference {
namespace {

// body(x_index, w_index, dy_index) for every product of the forward sum.
template <class Body>
void for_each_product(const ConvDims& d, Body body) {
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
              const int64_t x = ((b * h.in + ih) * w.in + iw) * d.channels + o / d.group_outputs * d.group_channels;
              const int64_t weight = ((o * h.kernel + kh) * w.kernel + kw) * d.group_channels;
              for (int64_t c = 0; c < d.group_channels; ++c) body(x + c, weight + c, dy);
            }
}

}  // namespace

void conv2d_grad_input(const RefCall& call) {
  const float *dy = call.in[0].as<float>(), *w = call.in[1].as<float>();
  float* dx = call.out[0].as<float>();
  std::fill_n(dx, call.out[0].shape.elements(), 0.0f);
  const ConvDims d(call.node.attrs.as<Conv2dAttrs>(), call.in[2].shape, call.in[1].shape);
  for_each_product(d, [&](int64_t i, int64_t j, int64_t k) { dx[i] += dy[k] * w[j]; });
  const Activation activation = call.node.attrs.as<Conv2dAttrs>().activation;
  if (activation == Activation::none) return;
  float lo, hi;
  activation_range(activation, &lo, &hi);
  const float* x = call.in[2].as<float>();
  for (int64_t i = 0; i < call.out[0].shape.elements(); ++i) dx[i] = x[i] > lo && x[i] < hi ? dx[i] : 0.0f;
}

void conv2d_grad_weights(const RefCall& call) {
  const float *x = call.in[0].as<float>(), *dy = call.in[1].as<float>();
  float* dw = call.out[0].as<float>();
  std::fill_n(dw, call.out[0].shape.elements(), 0.0f);
  const ConvDims d(call.node.attrs.as<Conv2dAttrs>(), call.in[0].shape, call.in[2].shape);
  for_each_product(d, [&](int64_t i, int64_t j, int64_t k) { dw[j] += dy[k] * x[i]; });
}

}  // namespace thimble::reference
