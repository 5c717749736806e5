#include <algorithm>

#include "ops/depthwise_conv2d/depthwise_conv2d.h"
#include "ops/fixed_function.h"
#include "ops/hybrid.h"
#include "ops/weighted.h"

namespace thimble::reference {
namespace {

template <class Body>
void for_each_output(const DepthwiseDims& d, int64_t b, Body body) {
  int64_t at = b * d.window.out_pixels() * d.outputs;
  for (int64_t oh = 0; oh < d.window.h.out; ++oh)
    for (int64_t ow = 0; ow < d.window.w.out; ++ow)
      for (int64_t o = 0; o < d.outputs; ++o) body(at++, oh, ow, o);
}

// body(x_index within the image, w_index) for each product; positions outside the image are left out.
template <class Body>
void for_each_product(const DepthwiseDims& d, int64_t oh, int64_t ow, int64_t o, Body body) {
  const auto &h = d.window.h, &w = d.window.w;
  for (int64_t kh = 0; kh < h.kernel; ++kh) {
    const int64_t ih = h.input_of(oh, kh);
    if (ih < 0 || ih >= h.in) continue;
    for (int64_t kw = 0; kw < w.kernel; ++kw) {
      const int64_t iw = w.input_of(ow, kw);
      if (iw < 0 || iw >= w.in) continue;
      body((ih * w.in + iw) * d.channels + o / d.multiplier, (kh * w.kernel + kw) * d.outputs + o);
    }
  }
}

void float32(const RefCall& call, const DepthwiseDims& d, Activation activation) {
  const float* w = call.in[1].as<float>();
  const float* bias = call.has(2) ? call.in[2].as<float>() : nullptr;
  float lo, hi;
  activation_range(activation, &lo, &hi);
  for (int64_t b = 0; b < d.batch; ++b) {
    const float* x = call.in[0].as<float>() + b * d.window.in_pixels() * d.channels;
    for_each_output(d, b, [&](int64_t at, int64_t oh, int64_t ow, int64_t o) {
      float sum = 0;
      for_each_product(d, oh, ow, o, [&](int64_t i, int64_t j) { sum += x[i] * w[j]; });
      if (bias) sum += bias[o];
      call.out[0].as<float>()[at] = sum < lo ? lo : sum > hi ? hi : sum;
    });
  }
}

template <class T>
void integer(const RefCall& call, const DepthwiseDims& d, Activation activation) {
  const TensorView &xv = call.in[0], &wv = call.in[1], &yv = call.out[0];
  const T* w = wv.as<T>();
  const int32_t* bias = call.has(2) ? call.in[2].as<int32_t>() : nullptr;
  int32_t lo, hi;
  quantized_activation_range(activation, yv.type, *yv.quant, &lo, &hi);
  const int32_t zx = xv.zero_point();
  for (int64_t b = 0; b < d.batch; ++b) {
    const T* x = xv.as<T>() + b * d.window.in_pixels() * d.channels;
    for_each_output(d, b, [&](int64_t at, int64_t oh, int64_t ow, int64_t o) {
      const auto channel = static_cast<size_t>(o);
      const int32_t zw = wv.zero_point(channel);
      uint32_t acc = bias ? static_cast<uint32_t>(bias[o]) : 0;  // wraps, as 32-bit hardware does
      for_each_product(d, oh, ow, o,
                       [&](int64_t i, int64_t j) { acc += static_cast<uint32_t>((x[i] - zx) * (w[j] - zw)); });
      const ChannelScale s = channel_scale(xv.type, xv.scale(), *wv.quant, yv.scale(), o);
      const int32_t v = multiply_by_quantized_multiplier(static_cast<int32_t>(acc), s.multiplier, s.shift);
      yv.as<T>()[at] = static_cast<T>(std::clamp(fixed::add(v, yv.zero_point()), lo, hi));
    });
  }
}

void hybrid(const RefCall& call, const DepthwiseDims& d, Activation activation) {
  const TensorView& wv = call.in[1];
  const auto* w = wv.as<int8_t>();
  const float* bias = call.has(2) ? call.in[2].as<float>() : nullptr;
  auto* image = static_cast<int8_t*>(call.scratch);
  const int64_t size = d.window.in_pixels() * d.channels;
  float lo, hi;
  activation_range(activation, &lo, &hi);
  for (int64_t b = 0; b < d.batch; ++b) {
    float scale;
    int32_t zero;
    quantize_asymmetric(call.in[0].as<float>() + b * size, size, image, &scale, &zero);
    for_each_output(d, b, [&](int64_t at, int64_t oh, int64_t ow, int64_t o) {
      uint32_t sum = 0;
      for_each_product(d, oh, ow, o,
                       [&](int64_t i, int64_t j) { sum += static_cast<uint32_t>((image[i] - zero) * w[j]); });
      float y = static_cast<float>(static_cast<int32_t>(sum)) * (wv.scale(static_cast<size_t>(o)) * scale);
      if (bias) y += bias[o];
      call.out[0].as<float>()[at] = y < lo ? lo : y > hi ? hi : y;
    });
  }
}

}  // namespace

void depthwise_conv2d(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<DepthwiseConv2dAttrs>();
  const DepthwiseDims d(attrs, call.in[0].shape, call.in[1].shape);
  if (call.in[0].type == DType::i8) return integer<int8_t>(call, d, attrs.activation);
  if (call.in[0].type == DType::u8) return integer<uint8_t>(call, d, attrs.activation);
  if (call.in[1].type == DType::i8) return hybrid(call, d, attrs.activation);
  float32(call, d, attrs.activation);
}

}  // namespace thimble::reference
