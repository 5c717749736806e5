#include "ops/conv2d/conv2d.h"
#include "ops/hybrid.h"
#include "ops/weighted.h"

namespace thimble::reference {
namespace {

// body(image's input, where the element goes, oh, ow, o) for each output element in memory order.
template <class X, class Body>
void each_output(const thimble_conv2d& p, const X* x, Body body) {
  int64_t at = 0;
  for (int64_t b = 0; b < p.batch; ++b, x += p.h.in * p.w.in * p.channels)
    for (int64_t oh = 0; oh < p.h.out; ++oh)
      for (int64_t ow = 0; ow < p.w.out; ++ow)
        for (int64_t o = 0; o < p.outputs; ++o) body(x, at++, oh, ow, o);
}

// int16 activations.
void wide(const RefCall& call, const thimble_conv2d& p) {
  const auto* w = call.in[1].as<int8_t>();
  const TensorView bias = call.has(2) ? call.in[2] : TensorView{};
  const bool narrow = bias.type == DType::i32;
  each_output(p, call.in[0].as<int16_t>(), [&](const int16_t* x, int64_t at, int64_t oh, int64_t ow, int64_t o) {
    const int64_t first = o / p.group_outputs * p.group_channels;
    int64_t acc = wide_bias(bias, o);
    for (int64_t kh = 0; kh < p.h.kernel; ++kh)
      for (int64_t kw = 0; kw < p.w.kernel; ++kw) {
        const int64_t ih = thimble_input_of(&p.h, oh, kh), iw = thimble_input_of(&p.w, ow, kw);
        if (ih < 0 || ih >= p.h.in || iw < 0 || iw >= p.w.in) continue;
        const int16_t* pixel = x + (ih * p.w.in + iw) * p.channels + first;
        const int8_t* taps = w + ((o * p.h.kernel + kh) * p.w.kernel + kw) * p.group_channels;
        for (int64_t c = 0; c < p.group_channels; ++c) acc += pixel[c] * taps[c];
      }
    call.out[0].as<int16_t>()[at] = static_cast<int16_t>(wide_output(p.y, acc, narrow, o));
  });
}

void hybrid(const RefCall& call, const thimble_conv2d& p) {
  const TensorView& wv = call.in[1];
  const float* bias = call.has(2) ? call.in[2].as<float>() : nullptr;
  auto* image = static_cast<int8_t*>(call.scratch);
  const int64_t size = p.h.in * p.w.in * p.channels;
  const bool asymmetric = hybrid_conv_is_asymmetric(*wv.quant, p.channels / p.group_channels);
  const float* quantised = nullptr;
  float scale = 0;
  int32_t zero = 0;
  each_output(p, call.in[0].as<float>(), [&](const float* x, int64_t at, int64_t oh, int64_t ow, int64_t o) {
    if (x != quantised) {
      if (asymmetric) {
        quantize_asymmetric(x, size, image, &scale, &zero);
      } else {
        scale = quantize_symmetric(x, size, image);
      }
      quantised = x;
    }
    const uint32_t sum = thimble_conv2d_sum(&p, image, wv.as<int8_t>(), oh, ow, o, zero, 0, 0);
    const float acc = static_cast<float>(static_cast<int32_t>(sum)), w_scale = wv.scale(static_cast<size_t>(o));
    float y = asymmetric ? acc * w_scale * scale : acc * (scale * w_scale);
    if (bias) y += bias[o];
    call.out[0].as<float>()[at] = thimble_clamp_f32(y, &p.range);
  });
}

}  // namespace

void conv2d(const RefCall& call) {
  const auto& p = call.plan<thimble_conv2d>();
  const TensorView &x = call.in[0], &w = call.in[1];
  void* bias = call.has(2) ? call.in[2].data : nullptr;
  if (x.type == DType::i8)
    return thimble_conv2d_s8(&p, x.as<int8_t>(), w.as<int8_t>(), static_cast<int32_t*>(bias), call.out[0].as<int8_t>());
  if (x.type == DType::u8) {
    const std::vector<int32_t>& zeros = w.quant->zero_point;
    return thimble_conv2d_u8(&p, x.as<uint8_t>(), w.as<uint8_t>(), zeros.data(), static_cast<thimble_dim>(zeros.size()),
                             static_cast<int32_t*>(bias), call.out[0].as<uint8_t>());
  }
  if (x.type == DType::i16) return wide(call, p);
  if (w.type == DType::i8) return hybrid(call, p);
  thimble_conv2d_f32(&p, x.as<float>(), w.as<float>(), static_cast<float*>(bias), call.out[0].as<float>());
}

}  // namespace thimble::reference
