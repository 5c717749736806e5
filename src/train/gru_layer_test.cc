// The gru layer against numbers worked out by hand, against its formula in double precision, and its gradient against
// finite differences of that formula.
#include "train/gru_layer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/random.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/reshape/reshape.h"
#include "runtime/program.h"
#include "train/grad.h"

namespace thimble {
namespace {

struct Sizes {
  int64_t batch, time, features, units;
  bool sequences;
};
// kernel [3u, f], recurrent_kernel [3u, u], bias [3u], recurrent_bias [3u]; rows z, r, n.
using GruWeights = std::vector<std::vector<double>>;

GruWeights random_weights(const Sizes& s, uint64_t seed) {
  Random random(seed);
  GruWeights w;
  for (const int64_t n : {3 * s.units * s.features, 3 * s.units * s.units, 3 * s.units, 3 * s.units}) {
    w.emplace_back();
    for (int64_t i = 0; i < n; ++i) w.back().push_back(static_cast<float>(random.uniform(-0.8, 0.8)));
  }
  return w;
}

// The formula of gru_layer.h, read off in double precision.
std::vector<double> formula(const Sizes& s, const GruWeights& w, const std::vector<float>& x) {
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  std::vector<double> all, last;
  for (int64_t b = 0; b < s.batch; ++b) {
    std::vector<double> h(static_cast<size_t>(s.units), 0.0);
    for (int64_t t = 0; t < s.time; ++t) {
      const float* row = x.data() + (b * s.time + t) * s.features;
      const auto side = [&](size_t matrix, int64_t gate, int64_t u, const auto* in, int64_t n) {
        const int64_t r = gate * s.units + u;
        double sum = w[matrix + 2][static_cast<size_t>(r)];
        for (int64_t i = 0; i < n; ++i) sum += w[matrix][static_cast<size_t>(r * n + i)] * in[i];
        return sum;
      };
      std::vector<double> next(h);
      for (int64_t u = 0; u < s.units; ++u) {
        double of_x[3], of_h[3];
        for (int64_t g = 0; g < 3; ++g) {
          of_x[g] = side(0, g, u, row, s.features);
          of_h[g] = side(1, g, u, h.data(), s.units);
        }
        const double z = sigmoid(of_x[0] + of_h[0]), r = sigmoid(of_x[1] + of_h[1]);
        const double n = std::tanh(of_x[2] + r * of_h[2]);
        next[static_cast<size_t>(u)] = z * h[static_cast<size_t>(u)] + (1 - z) * n;
      }
      h = next;
      all.insert(all.end(), h.begin(), h.end());
    }
    last.insert(last.end(), h.begin(), h.end());
  }
  return s.sequences ? all : last;
}

Model network(const Sizes& s, const GruWeights& w) {
  ModelSpec spec;
  spec.input = {s.time, s.features};
  spec.layers = {{.word = "gru", .size = static_cast<double>(s.units), .return_sequences = s.sequences}};
  auto model = build_model(spec, {.batch = s.batch, .training = true});
  EXPECT_TRUE(model) << model.error().to_string();
  EXPECT_EQ(model->parameters.size(), 4u);
  EXPECT_EQ(model->parameter_count, 3 * s.units * (s.features + s.units + 2));
  for (size_t i = 0; i < 4; ++i) {
    const std::vector<float> values(w[i].begin(), w[i].end());
    model->graph.at(model->parameters[i]).data = Data::of(std::span<const float>(values));
  }
  return std::move(*model);
}

// All outputs of a graph whose input 0 is x.
std::vector<std::vector<float>> run(const Graph& graph, const std::vector<float>& x) {
  auto program = Program::plan(graph);
  EXPECT_TRUE(program) << program.error().to_string();
  auto session = Session::create(*program);
  EXPECT_TRUE(session);
  std::memcpy((*session)->input(0).data(), x.data(), x.size() * 4);
  (*session)->run();
  std::vector<std::vector<float>> out;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const auto bytes = (*session)->output(i);
    out.emplace_back(bytes.size() / 4);
    std::memcpy(out.back().data(), bytes.data(), bytes.size());
  }
  return out;
}

std::vector<float> random_input(const Sizes& s) {
  Random random(77);
  std::vector<float> x(static_cast<size_t>(s.batch * s.time * s.features));
  for (float& v : x) v = static_cast<float>(random.uniform(-1.5, 1.5));
  return x;
}

TEST(Gru, TwoStepsByHand) {
  const Sizes s{1, 2, 1, 1, true};
  const GruWeights w{{0.5, -0.3, 0.8}, {0.2, 0.4, -0.6}, {0.1, -0.1, 0.05}, {0.0, 0.2, 0.3}};
  // Step 1: z = s(0.6) = 0.645656, r = s(-0.2) = 0.450166, n = tanh(0.85 + r·0.3) = 0.755244, h = (1 − z)·n
  // Step 2: z = s(-0.9 + 0.2·h), r = s(0.7 + 0.4·h), n = tanh(-1.55 + r·(0.3 − 0.6·h))
  const auto y = run(network(s, w).graph, {1, -2})[0];
  ASSERT_EQ(y.size(), 2u);
  EXPECT_NEAR(y[0], 0.2676158, 1e-6);
  EXPECT_NEAR(y[1], -0.5469944, 1e-6);
}

TEST(Gru, FollowsTheFormula) {
  for (const Sizes& s : {Sizes{3, 5, 4, 6, true}, Sizes{3, 5, 4, 6, false}, Sizes{1, 1, 3, 2, true},
                         Sizes{2, 1, 3, 2, false}, Sizes{2, 28, 7, 20, true}}) {
    const GruWeights w = random_weights(s, 5);
    const std::vector<float> x = random_input(s);
    const auto y = run(network(s, w).graph, x)[0];
    const auto wanted = formula(s, w, x);
    ASSERT_EQ(y.size(), wanted.size());
    for (size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(y[i], wanted[i], 2e-6) << i;
  }
}

TEST(Gru, GradientAgainstFiniteDifferences) {
  for (const Sizes& s : {Sizes{2, 3, 3, 4, true}, Sizes{2, 4, 2, 3, false}}) {
    const GruWeights w = random_weights(s, 6);
    const std::vector<float> x = random_input(s);
    Model model = network(s, w);
    Builder b(model.graph);
    // loss = Σ r·y with known r
    const int64_t n = model.graph.at(model.output).shape.elements();
    std::vector<float> r(static_cast<size_t>(n));
    Random random(9);
    for (float& v : r) v = static_cast<float>(random.uniform(-1, 1));
    const TensorId flat = *b.op(Op::reshape, {model.output}, ReshapeAttrs{{1, n}}, "flat");
    const TensorId loss =
        *b.op(Op::fully_connected, {flat, b.constant_f32("r", Shape{1, n}, r)}, FullyConnectedAttrs{}, "loss");
    const auto gradients = differentiate(b, loss, model.parameters);
    ASSERT_TRUE(gradients) << gradients.error().to_string();
    model.graph.outputs = *gradients;
    const auto found = run(model.graph, x);
    const auto loss_of = [&](const GruWeights& weights) {
      const auto y = formula(s, weights, x);
      double sum = 0;
      for (size_t i = 0; i < y.size(); ++i) sum += r[i] * y[i];
      return sum;
    };
    for (size_t p = 0; p < 4; ++p)
      for (size_t i = 0; i < w[p].size(); ++i) {
        constexpr double kStep = 1e-5;
        GruWeights up = w, down = w;
        up[p][i] += kStep;
        down[p][i] -= kStep;
        const double slope = (loss_of(up) - loss_of(down)) / (2 * kStep);
        ASSERT_NEAR(found[p][i], slope, 5e-6 * std::max(1.0, std::fabs(slope))) << "parameter " << p << " value " << i;
      }
  }
}

TEST(Gru, RefusesWhatItCannotUnroll) {
  ModelSpec spec;
  spec.input = {513, 2};
  spec.layers = {{.word = "gru", .size = 4}};
  const auto tall = build_model(spec, {});
  ASSERT_FALSE(tall);
  EXPECT_NE(tall.error().message.find("gru over 513 steps"), std::string::npos);
  spec.input = {8};
  EXPECT_NE(build_model(spec, {}).error().message.find("takes a sequence"), std::string::npos);
  spec.input = {4, 2};
  spec.layers[0].size = 2.5;
  EXPECT_FALSE(build_model(spec, {}));
}

}  // namespace
}  // namespace thimble
