// A small classification problem, a network that has learnt it, and a witness of trainings: for tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "base/random.h"
#include "compress/retrain.h"

namespace thimble::test {

// Three noisy rings of points.
inline Dataset rings(int64_t count, uint64_t seed) {
  auto samples = std::make_shared<Samples>();
  samples->name = "rings";
  samples->sample_shape = {2};
  samples->storage = Storage::floats;
  samples->count = count;
  samples->classes = 3;
  samples->label_names = {"inner", "middle", "outer"};
  Random random(seed);
  for (int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<int32_t>(random.below(3));
    const double radius = 0.5 + label + 0.12 * random.normal(), angle = random.uniform(0, 6.28318);
    samples->floats.push_back(static_cast<float>(radius * std::cos(angle)));
    samples->floats.push_back(static_cast<float>(radius * std::sin(angle)));
    samples->labels.push_back(label);
  }
  return Dataset(samples);
}

inline ModelSpec ring_network(double width = 32) {
  ModelSpec spec;
  spec.input = {2};
  spec.layers = {{.word = "dense", .size = width, .activation = "relu"},
                 {.word = "dense", .size = width, .activation = "relu"},
                 {.word = "dense", .size = 3, .activation = "softmax"}};
  return spec;
}

inline TrainSpec ring_training(int epochs, double rate = 0.01) {
  TrainSpec spec;
  spec.optimizer = *make_optimizer("adam");
  spec.optimizer.learning_rate = rate;
  spec.batch = 32;
  spec.epochs = epochs;
  spec.seed = 3;
  return spec;
}

// The trained float inference graph, as recipes and files give it.
inline const Graph& trained_rings() {
  static const Graph graph = [] {
    const auto trained = train(ring_network(), ring_training(10), rings(1000, 1), {}, {}, {}, {});
    EXPECT_TRUE(trained) << trained.error().to_string();
    auto result = with_weights(*build_model(ring_network(), {.batch = 1}), trained->weights);
    EXPECT_TRUE(result) << result.error().to_string();
    return std::move(*result);
  }();
  return graph;
}

inline Retraining ring_retraining(int epochs, double rate = 0.003) {
  Retraining how;
  how.train = rings(1000, 1);
  how.validation = rings(2000, 9);
  how.spec = ring_training(epochs, rate);
  return how;
}

inline const Tensor& tensor(const Graph& graph, const std::string& name) {
  for (const Tensor& t : graph.tensors)
    if (t.name == name) return t;
  ADD_FAILURE() << "no tensor " << name;
  return graph.tensors.front();
}

inline int64_t zeros(std::span<const float> values) { return std::ranges::count(values, 0.0f); }
inline int64_t zeros(const Graph& graph, const std::string& name) {
  return zeros(tensor(graph, name).data.as<float>());
}
inline int64_t distinct(std::span<const float> values) {
  return static_cast<int64_t>(std::set<float>(values.begin(), values.end()).size());
}
inline int64_t distinct(const Graph& graph, const std::string& name) {
  return distinct(tensor(graph, name).data.as<float>());
}

// Calls a function after each step, and once before the first.
class Witness final : public Technique {
 public:
  explicit Witness(std::function<void(const FitView&)> see) : see_(std::move(see)) {}
  std::string describe() const override { return "watched"; }
  Status begin(FitView& fit) override { return see_(fit), Status{}; }
  Status after_step(FitView& fit) override { return see_(fit), Status{}; }

 private:
  std::function<void(const FitView&)> see_;
};

inline const ParameterView& parameter(const FitView& fit, const std::string& name) {
  for (const ParameterView& p : fit.parameters)
    if (p.name == name) return p;
  ADD_FAILURE() << "no parameter " << name;
  return fit.parameters.front();
}

inline bool same_weights(const Graph& a, const Graph& b) {
  for (size_t t = 0; t < a.tensors.size(); ++t) {
    const auto x = a.tensors[t].data.as<uint8_t>(), y = b.tensors[t].data.as<uint8_t>();
    if (!std::ranges::equal(x, y)) return false;
  }
  return a.tensors.size() == b.tensors.size();
}

// Stops a training after so many steps, goes on, and compares with one that was not stopped.
inline void expect_resumes(const std::string& name, const Retraining& how, const std::function<Techniques()>& make,
                           std::initializer_list<int> stops) {
  const auto whole = retrain(trained_rings(), how, make());
  ASSERT_TRUE(whole) << whole.error().to_string();
  for (const int stop : stops) {
    Retraining part = how;
    part.checkpoint = testing::TempDir() + name + ".ckpt";
    std::remove(part.checkpoint.c_str());
    std::remove((part.checkpoint + ".previous").c_str());
    int steps = 0;
    part.hooks.stop = [&] { return ++steps == stop; };
    const auto first = retrain(trained_rings(), part, make());
    ASSERT_TRUE(first) << first.error().to_string();
    EXPECT_TRUE(first->interrupted);
    part.hooks.stop = {};
    part.resume = true;
    const auto rest = retrain(trained_rings(), part, make());
    ASSERT_TRUE(rest) << rest.error().to_string();
    EXPECT_FALSE(rest->interrupted);
    EXPECT_TRUE(same_weights(rest->graph, whole->graph)) << "stopped after step " << stop;
    EXPECT_EQ(rest->epochs.size(), whole->epochs.size());
  }
}

}  // namespace thimble::test
