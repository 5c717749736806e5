#include "ops/hybrid.h"
#include "ops/transpose_conv/transpose_conv.h"
#include "ops/weighted.h"

namespace thimble::reference {
namespace {

using namespace transpose_conv_input;
using Plan = thimble_transpose_conv;

// body(image's input, where the element goes, oh, ow, o) for each output element in memory order.
template <class X, class Body>
void each_output(const Plan& p, const X* x, Body body) {
  int64_t at = 0;
  for (int64_t b = 0; b < p.batch; ++b, x += p.h.out * p.w.out * p.channels)
    for (int64_t oh = 0; oh < p.h.in; ++oh)
      for (int64_t ow = 0; ow < p.w.in; ++ow)
        for (int64_t o = 0; o < p.outputs; ++o) body(x, at++, oh, ow, o);
}

// uint8 (legacy): weights have a zero point too.
void legacy(const RefCall& call, const Plan& p) {
  const int8_t* w = call.in[kWeights].as<int8_t>();
  const int32_t* bias = call.has(kBias) ? call.in[kBias].as<int32_t>() : nullptr;
  each_output(p, call.in[kX].as<int8_t>(), [&](const int8_t* x, int64_t at, int64_t oh, int64_t ow, int64_t o) {
    const int32_t zero_w = call.in[kWeights].zero_point(static_cast<size_t>(o));
    const uint32_t sum = thimble_transpose_conv_sum(&p, x, w, oh, ow, o, p.x_zero - 128, zero_w - 128, 0x80);
    const uint32_t acc = sum + (bias ? static_cast<uint32_t>(bias[o]) : 0);
    call.out[0].as<uint8_t>()[at] = static_cast<uint8_t>(thimble_requantized(&p.y, static_cast<int32_t>(acc), o));
  });
}

void wide(const RefCall& call, const Plan& p) {
  const auto* w = call.in[kWeights].as<int8_t>();
  const TensorView bias = call.has(kBias) ? call.in[kBias] : TensorView{};
  const bool narrow = bias.type == DType::i32;
  each_output(p, call.in[kX].as<int16_t>(), [&](const int16_t* x, int64_t at, int64_t oh, int64_t ow, int64_t o) {
    int64_t acc = wide_bias(bias, o);
    for (int64_t kh = 0; kh < p.h.kernel; ++kh)
      for (int64_t kw = 0; kw < p.w.kernel; ++kw) {
        const int64_t ih = thimble_transposed_input(&p.h, oh, kh), iw = thimble_transposed_input(&p.w, ow, kw);
        if (ih < 0 || iw < 0) continue;
        const int16_t* pixel = x + (ih * p.w.out + iw) * p.channels;
        const int8_t* taps = w + ((o * p.h.kernel + kh) * p.w.kernel + kw) * p.channels;
        for (int64_t c = 0; c < p.channels; ++c) acc += pixel[c] * taps[c];
      }
    call.out[0].as<int16_t>()[at] = static_cast<int16_t>(wide_output(p.y, acc, narrow, o));
  });
}

void hybrid(const RefCall& call, const Plan& p) {
  const TensorView& wv = call.in[kWeights];
  const float* bias = call.has(kBias) ? call.in[kBias].as<float>() : nullptr;
  auto* image = static_cast<int8_t*>(call.scratch);
  const float* quantised = nullptr;
  float scale = 0;
  int32_t zero = 0;
  each_output(p, call.in[kX].as<float>(), [&](const float* x, int64_t at, int64_t oh, int64_t ow, int64_t o) {
    if (x != quantised) quantize_asymmetric(x, p.h.out * p.w.out * p.channels, image, &scale, &zero);
    quantised = x;
    const uint32_t sum = thimble_transpose_conv_sum(&p, image, wv.as<int8_t>(), oh, ow, o, zero, 0, 0);
    float y = static_cast<float>(static_cast<int32_t>(sum)) * wv.scale(static_cast<size_t>(o)) * scale;
    if (bias) y += bias[o];
    call.out[0].as<float>()[at] = thimble_clamp_f32(y, &p.range);
  });
}

}  // namespace

void transpose_conv(const RefCall& call) {
  const auto& p = call.plan<Plan>();
  const TensorView &x = call.in[kX], &w = call.in[kWeights];
  void* bias = call.has(kBias) ? call.in[kBias].data : nullptr;
  if (x.type == DType::i8)
    return thimble_transpose_conv_s8(&p, x.as<int8_t>(), w.as<int8_t>(), static_cast<int32_t*>(bias),
                                     call.out[0].as<int8_t>());
  if (x.type == DType::u8) return legacy(call, p);
  if (x.type == DType::i16) return wide(call, p);
  if (w.type == DType::i8) return hybrid(call, p);
  thimble_transpose_conv_f32(&p, x.as<float>(), w.as<float>(), static_cast<float*>(bias), call.out[0].as<float>());
}

}  // namespace thimble::reference
