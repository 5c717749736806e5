#include <algorithm>

#include "ops/conv2d/conv2d.h"
#include "ops/fixed_function.h"
#include "ops/hybrid.h"
#include "ops/weighted.h"

namespace thimble::reference {
namespace {

// Calls body(out_index, b, oh, ow, o) for each output element in memory order.
template <class Body>
void for_each_output(const ConvDims& d, int64_t b, Body body) {
  int64_t at = b * d.window.out_pixels() * d.outputs;
  for (int64_t oh = 0; oh < d.window.h.out; ++oh)
    for (int64_t ow = 0; ow < d.window.w.out; ++ow)
      for (int64_t o = 0; o < d.outputs; ++o) body(at++, oh, ow, o);
}

// Calls body(x_index, w_index) for each product of one output element; positions outside the image
// are left out. x_index counts from the image's start.
template <class Body>
void for_each_product(const ConvDims& d, int64_t oh, int64_t ow, int64_t o, Body body) {
  const auto &h = d.window.h, &w = d.window.w;
  const int64_t first_channel = o / d.group_outputs * d.group_channels;
  for (int64_t kh = 0; kh < h.kernel; ++kh) {
    const int64_t ih = h.input_of(oh, kh);
    if (ih < 0 || ih >= h.in) continue;
    for (int64_t kw = 0; kw < w.kernel; ++kw) {
      const int64_t iw = w.input_of(ow, kw);
      if (iw < 0 || iw >= w.in) continue;
      const int64_t x = (ih * w.in + iw) * d.channels + first_channel;
      const int64_t weight = ((o * h.kernel + kh) * w.kernel + kw) * d.group_channels;
      for (int64_t c = 0; c < d.group_channels; ++c) body(x + c, weight + c);
    }
  }
}

void float32(const RefCall& call, const ConvDims& d, Activation activation) {
  const float* w = call.in[1].as<float>();
  const float* bias = call.has(2) ? call.in[2].as<float>() : nullptr;
  float* y = call.out[0].as<float>();
  float lo, hi;
  activation_range(activation, &lo, &hi);
  for (int64_t b = 0; b < d.batch; ++b) {
    const float* x = call.in[0].as<float>() + b * d.window.in_pixels() * d.channels;
    for_each_output(d, b, [&](int64_t at, int64_t oh, int64_t ow, int64_t o) {
      float sum = 0;
      for_each_product(d, oh, ow, o, [&](int64_t i, int64_t j) { sum += x[i] * w[j]; });
      if (bias) sum += bias[o];
      y[at] = sum < lo ? lo : sum > hi ? hi : sum;
    });
  }
}

template <class T>
void integer(const RefCall& call, const ConvDims& d, Activation activation) {
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

void hybrid(const RefCall& call, const ConvDims& d, Activation activation) {
  const TensorView& wv = call.in[1];
  const auto* w = wv.as<int8_t>();
  const float* bias = call.has(2) ? call.in[2].as<float>() : nullptr;
  auto* image = static_cast<int8_t*>(call.scratch);
  const int64_t size = d.window.in_pixels() * d.channels;
  const bool asymmetric = hybrid_conv_is_asymmetric(*wv.quant, d.groups());
  float lo, hi;
  activation_range(activation, &lo, &hi);
  for (int64_t b = 0; b < d.batch; ++b) {
    const float* x = call.in[0].as<float>() + b * size;
    float scale;
    int32_t zero = 0;
    if (asymmetric) {
      quantize_asymmetric(x, size, image, &scale, &zero);
    } else {
      scale = quantize_symmetric(x, size, image);
    }
    for_each_output(d, b, [&](int64_t at, int64_t oh, int64_t ow, int64_t o) {
      uint32_t sum = 0;
      for_each_product(d, oh, ow, o,
                       [&](int64_t i, int64_t j) { sum += static_cast<uint32_t>((image[i] - zero) * w[j]); });
      const float acc = static_cast<float>(static_cast<int32_t>(sum)), w_scale = wv.scale(static_cast<size_t>(o));
      float y = asymmetric ? acc * w_scale * scale : acc * (scale * w_scale);
      if (bias) y += bias[o];
      call.out[0].as<float>()[at] = y < lo ? lo : y > hi ? hi : y;
    });
  }
}

}  // namespace

void conv2d(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<Conv2dAttrs>();
  const ConvDims d(attrs, call.in[0].shape, call.in[1].shape);
  if (call.in[0].type == DType::i8) return integer<int8_t>(call, d, attrs.activation);
  if (call.in[0].type == DType::u8) return integer<uint8_t>(call, d, attrs.activation);
  if (call.in[1].type == DType::i8) return hybrid(call, d, attrs.activation);
  float32(call, d, attrs.activation);
}

}  // namespace thimble::reference
