#include <cmath>

#include "ops/fake_quantize/fake_quantize.h"
#include "ops/op.h"

namespace thimble::reference {

using namespace fake_quantize;

void fake_quantize(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<FakeQuantizeAttrs>();
  const float *x = call.in[kX].as<float>(), *scale = call.in[kScale].as<float>();
  const int8_t* q = call.in[kQ].as<int8_t>();
  const int32_t zero_point = *call.in[kZeroPoint].as<int32_t>();
  const int64_t scales = call.in[kScale].shape[0], n = call.in[kX].shape.elements();
  float* y = call.out[0].as<float>();
  float least = INFINITY, greatest = -INFINITY;
  bool finite = n > 0;
  for (int64_t i = 0; i < n; ++i) {
    least = std::min(least, x[i]);
    greatest = std::max(greatest, x[i]);
    finite = finite && std::isfinite(x[i]);
    y[i] = static_cast<float>(q[i] - zero_point) * scale[scales == 1 ? 0 : i / attrs.inner % scales];
  }
  if (!call.has(kRange) || !finite) return;
  float* range = call.in[kRange].as<float>();
  const float keep = *call.in[kKeep].as<float>();
  range[0] = keep * range[0] + (1 - keep) * least;
  range[1] = keep * range[1] + (1 - keep) * greatest;
}

void fake_quantize_grad(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<FakeQuantizeAttrs>();
  const float *x = call.in[kGradX].as<float>(), *scale = call.in[kGradScale].as<float>(),
              *dy = call.in[kGradDy].as<float>();
  const auto zero_point = static_cast<float>(*call.in[kGradZeroPoint].as<int32_t>());
  const int64_t scales = call.in[kGradScale].shape[0], n = call.in[kGradX].shape.elements();
  const float low = static_cast<float>(attrs.low) - zero_point - 0.5f,
              high = static_cast<float>(attrs.high) - zero_point + 0.5f;
  float* dx = call.out[0].as<float>();
  const auto channel = [&](int64_t i) { return scales == 1 ? 0 : i / attrs.inner % scales; };
  for (int64_t i = 0; i < n; ++i) {
    const float s = scale[channel(i)];
    dx[i] = !attrs.clip || (x[i] > low * s && x[i] < high * s) ? dy[i] : 0;
  }
  if (!call.has(kGradLearned)) return;
  const float *y = call.in[kGradY].as<float>(), *learned = call.in[kGradLearned].as<float>();
  for (int64_t c = 0; c < scales; ++c) {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) {
      if (channel(i) != c) continue;
      const double s = scale[c], v = x[i], quanta = y[i] / s;
      const bool inside = v > low * s && v < high * s;
      sum += dy[i] * (inside ? quanta - v / s : quanta);
    }
    call.out[1].as<float>()[c] = static_cast<float>(attrs.gradient_scale * sum * scale[c] / learned[c]);
  }
}

}  // namespace thimble::reference
