#include <algorithm>
#include <cmath>

#include "ops/fully_connected/fully_connected.h"
#include "ops/hybrid.h"
#include "ops/weighted.h"

namespace thimble::reference {
namespace {

struct Dims {
  int64_t batch, inputs, outputs;
};

// x [batch, inputs] · w [outputs, inputs]ᵀ + bias
void float32(const RefCall& call, const Dims& d, Activation activation) {
  const float *x = call.in[0].as<float>(), *w = call.in[1].as<float>();
  const float* bias = call.has(2) ? call.in[2].as<float>() : nullptr;
  float* y = call.out[0].as<float>();
  float lo, hi;
  activation_range(activation, &lo, &hi);
  for (int64_t b = 0; b < d.batch; ++b)
    for (int64_t o = 0; o < d.outputs; ++o) {
      float sum = bias ? bias[o] : 0;
      for (int64_t i = 0; i < d.inputs; ++i) sum += x[b * d.inputs + i] * w[o * d.inputs + i];
      y[b * d.outputs + o] = sum < lo ? lo : sum > hi ? hi : sum;
    }
}

template <class T>
void integer(const RefCall& call, const Dims& d, Activation activation) {
  const TensorView &xv = call.in[0], &wv = call.in[1], &yv = call.out[0];
  const T *x = xv.as<T>(), *w = wv.as<T>();
  const int32_t* bias = call.has(2) ? call.in[2].as<int32_t>() : nullptr;
  int32_t lo, hi;
  quantized_activation_range(activation, yv.type, *yv.quant, &lo, &hi);
  const int32_t zx = xv.zero_point();
  for (int64_t b = 0; b < d.batch; ++b)
    for (int64_t o = 0; o < d.outputs; ++o) {
      const int32_t zw = wv.zero_point(static_cast<size_t>(o));
      uint32_t acc = bias ? static_cast<uint32_t>(bias[o]) : 0;  // wraps, as 32-bit hardware does
      for (int64_t i = 0; i < d.inputs; ++i)
        acc += static_cast<uint32_t>((x[b * d.inputs + i] - zx) * (w[o * d.inputs + i] - zw));
      // One rounding, in double: LiteRT's reference does so for this operator (weighted.h).
      const double exact = std::round(static_cast<int32_t>(acc) * dense_scale(xv.scale(), *wv.quant, yv.scale(), o));
      const int32_t q = yv.zero_point() + static_cast<int32_t>(std::clamp(exact, -1e9, 1e9));
      yv.as<T>()[b * d.outputs + o] = static_cast<T>(std::clamp(q, lo, hi));
    }
}

void hybrid(const RefCall& call, const Dims& d, const FullyConnectedAttrs& attrs) {
  const TensorView& wv = call.in[1];
  const auto* w = wv.as<int8_t>();
  const float* bias = call.has(2) ? call.in[2].as<float>() : nullptr;
  auto* row = static_cast<int8_t*>(call.scratch);
  float lo, hi;
  activation_range(attrs.activation, &lo, &hi);
  for (int64_t b = 0; b < d.batch; ++b) {
    float scale;
    int32_t zero = 0;
    const float* x = call.in[0].as<float>() + b * d.inputs;
    if (attrs.asymmetric_quantize_inputs) {
      quantize_asymmetric(x, d.inputs, row, &scale, &zero);
    } else {
      scale = quantize_symmetric(x, d.inputs, row);
    }
    for (int64_t o = 0; o < d.outputs; ++o) {
      uint32_t acc = 0;
      for (int64_t i = 0; i < d.inputs; ++i) acc += static_cast<uint32_t>((row[i] - zero) * w[o * d.inputs + i]);
      const float y = (bias ? bias[o] : 0) +
                      static_cast<float>(static_cast<int32_t>(acc)) * (scale * wv.scale(static_cast<size_t>(o)));
      call.out[0].as<float>()[b * d.outputs + o] = y < lo ? lo : y > hi ? hi : y;
    }
  }
}

}  // namespace

void fully_connected(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<FullyConnectedAttrs>();
  const Shape& w = call.in[1].shape;
  const Dims d{call.in[0].shape.elements() / w[1], w[1], w[0]};
  if (call.in[0].type == DType::i8) return integer<int8_t>(call, d, attrs.activation);
  if (call.in[0].type == DType::u8) return integer<uint8_t>(call, d, attrs.activation);
  if (call.in[1].type == DType::i8) return hybrid(call, d, attrs);
  float32(call, d, attrs.activation);
}

}  // namespace thimble::reference
