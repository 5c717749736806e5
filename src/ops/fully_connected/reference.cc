#include <algorithm>
#include <cmath>

#include "ops/fully_connected/fully_connected.h"
#include "ops/hybrid.h"
#include "ops/weighted.h"

namespace thimble::reference {
namespace {

// int16 activations: sums of 64 bits (of 32 where the bias has as many), scaled in double as int8's are.
void wide(const RefCall& call, const thimble_fully_connected& p) {
  const TensorView &w = call.in[1], bias = call.has(2) ? call.in[2] : TensorView{};
  const bool narrow = bias.type == DType::i32;
  auto* y = call.out[0].as<int16_t>();
  const int16_t* x = call.in[0].as<int16_t>();
  for (int64_t b = 0; b < p.batch; ++b, x += p.inputs)
    for (int64_t o = 0; o < p.outputs; ++o) {
      int64_t acc = wide_bias(bias, o);
      for (int64_t i = 0; i < p.inputs; ++i) acc += x[i] * w.as<int8_t>()[o * p.inputs + i];
      if (narrow) acc = static_cast<int32_t>(acc);
      const double scale = dense_scale(call.in[0].scale(), *w.quant, call.out[0].scale(), o);
      const double value = std::clamp(std::round(static_cast<double>(acc) * scale), -1e9, 1e9);
      *y++ = static_cast<int16_t>(thimble_clamp(static_cast<int32_t>(value), p.lo, p.hi));
    }
}

void hybrid(const RefCall& call, const thimble_fully_connected& p, bool asymmetric) {
  const TensorView& wv = call.in[1];
  const auto* w = wv.as<int8_t>();
  const float* bias = call.has(2) ? call.in[2].as<float>() : nullptr;
  auto* row = static_cast<int8_t*>(call.scratch);
  for (int64_t b = 0; b < p.batch; ++b) {
    float scale;
    int32_t zero = 0;
    const float* x = call.in[0].as<float>() + b * p.inputs;
    if (asymmetric) {
      quantize_asymmetric(x, p.inputs, row, &scale, &zero);
    } else {
      scale = quantize_symmetric(x, p.inputs, row);
    }
    for (int64_t o = 0; o < p.outputs; ++o) {
      const uint32_t acc = thimble_fully_connected_sum(&p, row, w + o * p.inputs, zero, 0, 0);
      const float y = (bias ? bias[o] : 0) +
                      static_cast<float>(static_cast<int32_t>(acc)) * (scale * wv.scale(static_cast<size_t>(o)));
      call.out[0].as<float>()[b * p.outputs + o] = thimble_clamp_f32(y, &p.range);
    }
  }
}

}  // namespace

void fully_connected(const RefCall& call) {
  const auto& p = call.plan<thimble_fully_connected>();
  const TensorView &x = call.in[0], &w = call.in[1];
  void* bias = call.has(2) ? call.in[2].data : nullptr;
  if (x.type == DType::i8)
    return thimble_fully_connected_s8(&p, x.as<int8_t>(), w.as<int8_t>(), static_cast<int32_t*>(bias),
                                      call.out[0].as<int8_t>());
  if (x.type == DType::u8) {
    const std::vector<int32_t>& zeros = w.quant->zero_point;
    return thimble_fully_connected_u8(&p, x.as<uint8_t>(), w.as<uint8_t>(), zeros.data(),
                                      static_cast<thimble_dim>(zeros.size()), static_cast<int32_t*>(bias),
                                      call.out[0].as<uint8_t>());
  }
  if (x.type == DType::i16) return wide(call, p);
  if (w.type == DType::i8) return hybrid(call, p, call.node.attrs.as<FullyConnectedAttrs>().asymmetric_quantize_inputs);
  thimble_fully_connected_f32(&p, x.as<float>(), w.as<float>(), static_cast<float*>(bias), call.out[0].as<float>());
}

}  // namespace thimble::reference
