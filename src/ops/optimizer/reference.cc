// The definition of every rule, in Keras 3's order of operations; parameters p[] as documented in
// kernels/update.h.
#include <algorithm>
#include <cmath>

#include "ops/op.h"
#include "ops/optimizer/optimizer.h"

namespace thimble::reference {
namespace {

float sign(float x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f; }

void step(UpdateRule rule, float& w, float g, float& s0, float& s1, float& s2, const float* p) {
  const float lr = p[0];
  switch (rule) {
    case UpdateRule::sgd:
      if (p[1] == 0) {
        w -= lr * g;
        return;
      }
      s0 = p[1] * s0 - lr * g;
      w += p[2] != 0 ? p[1] * s0 - lr * g : s0;
      return;
    case UpdateRule::rmsprop: {
      s0 = p[1] * s0 + (1 - p[1]) * g * g;
      float denominator = s0;
      if (p[4] != 0) {
        s2 = p[1] * s2 + (1 - p[1]) * g;
        denominator = std::max(denominator - s2 * s2, 0.0f);
      }
      const float change = lr * g / std::sqrt(denominator + p[3]);
      if (p[2] != 0) {
        s1 = p[2] * s1 + change;
        w -= s1;
      } else {
        w -= change;
      }
      return;
    }
    case UpdateRule::adam:
      s0 += (g - s0) * p[1];
      s1 += (g * g - s1) * p[2];
      if (p[4] != 0) s2 = std::max(s2, s1);
      w -= s0 * lr / (std::sqrt(p[4] != 0 ? s2 : s1) + p[3]);
      return;
    case UpdateRule::adadelta: {
      s0 = p[1] * s0 + (1 - p[1]) * g * g;
      const float delta = -std::sqrt(s1 + p[2]) * g / std::sqrt(s0 + p[2]);
      s1 = p[1] * s1 + (1 - p[1]) * delta * delta;
      w += lr * delta;
      return;
    }
    case UpdateRule::adagrad:
      s0 += g * g;
      w -= lr * g / std::sqrt(s0 + p[1]);
      return;
    case UpdateRule::adamax:
      s0 += (g - s0) * (1 - p[1]);
      s1 = std::max(p[2] * s1, std::fabs(g));
      w -= lr * s0 / (s1 + p[3]);
      return;
    case UpdateRule::nadam: {
      s0 += (g - s0) * (1 - p[1]);
      s1 += (g * g - s1) * (1 - p[2]);
      const float m_hat = p[5] * s0 / (1 - p[7]) + (1 - p[4]) * g / (1 - p[6]);
      w -= m_hat * lr / (std::sqrt(s1 / p[8]) + p[3]);
      return;
    }
    case UpdateRule::ftrl: {
      if (lr == 0) return;
      const float g_shrunk = g + 2 * p[4] * w;
      const float accumulated = s0 + g * g;
      const float root = std::pow(accumulated, -p[1]), old_root = std::pow(s0, -p[1]);
      const bool moves = p[5] != 0 && p[5] != lr;
      s1 += g_shrunk - (moves ? root / lr - old_root / p[5] + p[6] : (root - old_root) / lr) * w;
      const float quadratic = root / lr + 2 * p[3];
      const float clipped = std::clamp(s1, -p[2], p[2]);
      if (quadratic != 0) w = (clipped - s1) / quadratic;
      s0 = accumulated;
      return;
    }
    case UpdateRule::lion:
      w -= lr * sign(s0 * p[1] + g * (1 - p[1]));
      s0 = s0 * p[2] + g * (1 - p[2]);
      return;
    case UpdateRule::count: return;
  }
}

// One weight; its states are elements i of the inputs from `states` on.
void update(const RefCall& call, int64_t i, size_t states, float& w, float g, const float* p) {
  float none = 0;
  const auto state = [&](size_t k) -> float& {
    return call.has(states + k) ? call.in[states + k].as<float>()[i] : none;
  };
  w -= p[kHyperDecay] * w;
  step(static_cast<UpdateRule>(call.node.attrs.as<OptimizerAttrs>().rule), w, g, state(0), state(1), state(2), p);
}

}  // namespace

void optimizer_update(const RefCall& call) {
  auto* w = call.in[0].as<float>();
  const float *g = call.in[1].as<float>(), *p = call.in[2].as<float>();
  for (int64_t i = 0; i < call.in[0].shape.elements(); ++i) update(call, i, 3, w[i], g[i], p);
}

void fully_connected_update(const RefCall& call) {
  auto* w = call.in[0].as<float>();
  const float *x = call.in[1].as<float>(), *p = call.in[2].as<float>(), *dy = call.in[3].as<float>();
  const int64_t outputs = call.in[0].shape[0], inputs = call.in[0].shape[1],
                batch = call.in[3].shape.elements() / outputs;
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t i = 0; i < inputs; ++i) {
      float g = 0;
      for (int64_t b = 0; b < batch; ++b) g += dy[b * outputs + o] * x[b * inputs + i];
      update(call, o * inputs + i, 4, w[o * inputs + i], g, p);
    }
}

void average_update(const RefCall& call) {
  const float *w = call.in[0].as<float>(), rate = call.in[2].as<float>()[kHyperAverage];
  auto* average = call.in[1].as<float>();
  for (int64_t i = 0; i < call.in[0].shape.elements(); ++i) average[i] += rate * (w[i] - average[i]);
}

void clip_scale(const RefCall& call) {
  double sum = 0;
  for (const TensorView& g : call.in)
    for (int64_t i = 0; i < g.shape.elements(); ++i) sum += static_cast<double>(g.as<float>()[i]) * g.as<float>()[i];
  const float limit = call.node.attrs.as<ClipAttrs>().limit, norm = static_cast<float>(std::sqrt(sum));
  call.out[0].as<float>()[0] = norm > limit ? limit / norm : 1.0f;
}

}  // namespace thimble::reference
