#include <algorithm>
#include <limits>

#include "ops/recurrent.h"
#include "ops/svdf/svdf.h"

namespace thimble::reference {
namespace {

using namespace svdf_input;

// T: of the memory and its weights.
template <class T>
void integer(const RefCall& call, const SvdfPlan& p) {
  constexpr int32_t kLow = std::numeric_limits<T>::min(), kHigh = std::numeric_limits<T>::max();
  const auto *x = call.in[kX].as<int8_t>(), *wf = call.in[kFeature].as<int8_t>();
  const auto* wt = call.in[kTime].as<T>();
  const int32_t* bias = call.has(kBias) ? call.in[kBias].as<int32_t>() : nullptr;
  auto* state = call.in[kState].as<T>();
  auto* y = call.out[0].as<int8_t>();
  for (int64_t b = 0; b < p.batch; ++b, x += p.inputs)
    for (int64_t f = 0, u = 0; f < p.filters; ++u) {
      uint32_t sum = bias ? static_cast<uint32_t>(bias[u]) : 0;
      for (int64_t r = 0; r < p.rank; ++r, ++f, state += p.memory) {
        std::copy(state + 1, state + p.memory, state);
        uint32_t dot = 0;
        for (int64_t i = 0; i < p.inputs; ++i) dot += static_cast<uint32_t>((x[i] - p.x_zero) * wf[f * p.inputs + i]);
        const int32_t value = thimble_rescale(static_cast<int32_t>(dot), p.state_multiplier, p.state_shift);
        state[p.memory - 1] = static_cast<T>(thimble_clamp(value, kLow, kHigh));
        for (int64_t t = 0; t < p.memory; ++t) sum += static_cast<uint32_t>(state[t] * wt[f * p.memory + t]);
      }
      const int32_t value = thimble_rescale(static_cast<int32_t>(sum), p.y_multiplier, p.y_shift);
      *y++ = static_cast<int8_t>(thimble_clamp(thimble_add(value, p.y_zero), -128, 127));
    }
}

}  // namespace

void svdf(const RefCall& call) {
  const auto& p = call.plan<SvdfPlan>();
  if (call.in[kX].type == DType::i8)
    return call.in[kTime].type == DType::i8 ? integer<int8_t>(call, p) : integer<int16_t>(call, p);
  const auto& attrs = call.node.attrs.as<SvdfAttrs>();
  const TensorView &wf = call.in[kFeature], &wt = call.in[kTime];
  const float* bias = call.has(kBias) ? call.in[kBias].as<float>() : nullptr;
  auto* state = call.in[kState].as<float>();
  float* y = call.out[0].as<float>();
  const bool hybrid = wf.type == DType::i8;
  for (int64_t b = 0; b < p.batch; ++b) {
    const recurrent::Row x(call.in[kX].as<float>() + b * p.inputs, p.inputs,
                           hybrid ? static_cast<int8_t*>(call.scratch) : nullptr, attrs.asymmetric_quantize_inputs);
    for (int64_t f = 0, u = 0; f < p.filters; ++u) {
      float sum = 0;
      for (int64_t r = 0; r < p.rank; ++r, ++f, state += p.memory) {
        std::copy(state + 1, state + p.memory, state);
        state[p.memory - 1] = x.times(wf, f);
        float dot = 0;
        for (int64_t t = 0; t < p.memory; ++t) {
          const int64_t at = f * p.memory + t;
          dot += state[t] * (hybrid ? static_cast<float>(wt.as<int8_t>()[at]) * wt.scale() : wt.as<float>()[at]);
        }
        sum += dot;
      }
      if (bias) sum += bias[u];
      *y++ = recurrent::activate(attrs.activation, sum);
    }
  }
}

}  // namespace thimble::reference
