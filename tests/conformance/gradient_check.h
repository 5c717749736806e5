// Shared by the tests of gradients: what differentiate() builds against finite differences.
#pragma once

#include <functional>

#include "harness.h"
#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/loss/loss.h"
#include "train/grad.h"

namespace thimble::test {

// A value like 0.37·k, away from kinks at multiples of 1 and from 0.
inline std::vector<float> values(int64_t n, float first, float step) {
  std::vector<float> v;
  for (int64_t i = 0; i < n; ++i) v.push_back(first + step * static_cast<float>((i * 7) % n));
  return v;
}
inline Bytes bytes_of(const std::vector<float>& v) {
  Bytes b(v.size() * 4);
  if (!b.empty()) std::memcpy(b.data(), v.data(), b.size());
  return b;
}
inline std::vector<float> floats_of(const Bytes& b) {
  std::vector<float> v(b.size() / 4);
  if (!b.empty()) std::memcpy(v.data(), b.data(), b.size());
  return v;
}

using Build = std::function<Result<TensorId>(Builder&, const std::vector<TensorId>&)>;

// Σ w·y as a loss: the negative log-likelihood is linear in its prediction.
inline Result<TensorId> weighted_sum(Builder& b, TensorId y, std::vector<float> w) {
  const Shape shape = b.at(y).shape;
  if (shape.rank() == 0) return b.op(Op::mul, {y, b.constant_f32("w", shape, w)}, BinaryAttrs{}, "sum");
  for (float& v : w) v *= -static_cast<float>(shape.elements() / shape.dim(-1));
  return b.op(Op::loss, {y, b.constant_f32("w", shape, w)}, LossAttrs{LossKind::nll}, "sum");
}

// The gradient of Σ w·f(inputs) by differentiate() against central differences of the reference.
inline void check_gradient(const std::string& what, const Build& build, const std::vector<Shape>& shapes,
                           const std::vector<std::vector<float>>& at, double tolerance = 2e-3) {
  Graph forward;
  std::vector<TensorId> in;
  std::vector<Bytes> inputs;
  {
    Builder b(forward);
    for (size_t i = 0; i < shapes.size(); ++i) in.push_back(b.input(format("x{}", i), DType::f32, shapes[i]));
    const auto y = build(b, in);
    ASSERT_TRUE(y) << what << y.error().to_string();
    forward.outputs = {*y};
  }
  for (const auto& v : at) inputs.push_back(bytes_of(v));
  const Shape shape = forward.at(forward.outputs[0]).shape;
  const auto weights = values(shape.elements(), 0.5f, 0.13f);

  Graph backward = forward;
  Builder b(backward);
  const auto loss = weighted_sum(b, backward.outputs[0], weights);
  ASSERT_TRUE(loss) << loss.error().to_string();
  const auto gradients = differentiate(b, *loss, in);
  ASSERT_TRUE(gradients) << what << gradients.error().to_string();
  backward.outputs = *gradients;

  const auto objective = [&] {
    const auto y = floats_of((*run_graph(forward, inputs, kModes[0]))[0]);
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += static_cast<double>(y[i]) * weights[i];
    return sum;
  };
  for (const RunMode& mode : kModes) {
    const auto got = run_graph(backward, inputs, mode);
    ASSERT_TRUE(got) << what << got.error().to_string();
    for (size_t i = 0; i < inputs.size(); ++i) {
      const auto d = floats_of((*got)[i]);
      for (size_t k = 0; k < at[i].size(); ++k) {
        constexpr float h = 0x1p-7f;
        auto* x = reinterpret_cast<float*>(inputs[i].data()) + k;
        *x = at[i][k] + h;
        const double above = objective();
        *x = at[i][k] - h;
        const double below = objective();
        *x = at[i][k];
        const double slope = (above - below) / (2 * h);
        EXPECT_NEAR(d[k], slope, tolerance * std::max(1.0, std::fabs(slope)))
            << what << ", " << mode.name << ", input " << i << "[" << k << "]";
      }
    }
  }
}

}  // namespace thimble::test
