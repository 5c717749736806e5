// The head that learns on a controller (micro/kernels/train_head.h) against the trainer's own training of the same
// layer, and its exponential against the C library's.
#include "micro/kernels/train_head.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/random.h"
#include "runtime/program.h"
#include "train/optimizer.h"
#include "train/training_graph.h"

namespace thimble::test {
namespace {

constexpr int kFeatures = 31, kClasses = 7, kSteps = 100;
constexpr float kRate = 0.05f, kScale = 0.037f;
constexpr int32_t kZero = -128;

struct Examples {
  std::vector<std::vector<int8_t>> features;
  std::vector<int32_t> labels;
};

// Features as behind a relu, larger where the class has its place.
Examples examples() {
  Examples e;
  Random random(7);
  for (int i = 0; i < kSteps; ++i) {
    const auto label = static_cast<int32_t>(random.below(kClasses));
    std::vector<int8_t> x(kFeatures, -128);
    for (int f = 0; f < kFeatures; ++f)
      if (f % kClasses == label || random.below(2) != 0)
        x[static_cast<size_t>(f)] =
            static_cast<int8_t>(kZero + static_cast<int64_t>(random.below(60)) + (f % kClasses == label ? 80 : 0));
    e.features.push_back(std::move(x));
    e.labels.push_back(label);
  }
  return e;
}

float real(int8_t q) { return kScale * static_cast<float>(q - kZero); }

// The session of a training step of one dense layer with softmax, at batch 1.
struct Trainer {
  TrainingGraph training;
  std::unique_ptr<Session> session;

  Trainer() {
    ModelSpec model;
    model.input = {kFeatures};
    model.layers = {{.word = "dense", .size = kClasses, .activation = "softmax"}};
    TrainSpec spec;
    spec.optimizer = *make_optimizer("sgd");
    LossPlan loss;
    loss.from_logits = loss.classes = true;
    loss.attrs.kind = LossKind::crossentropy;
    training =
        *build_training_graph(*build_model(model, {.batch = 1, .training = true, .seed = 3}), spec, loss, kClasses);
    session = std::move(*Session::create(*Program::plan(training.graph, {})));
    const float hyper[16] = {kRate};
    std::memcpy(session->tensor(training.hyper).data(), hyper, sizeof hyper);
  }

  // Those of the kernel [outputs, inputs] and of the bias.
  std::vector<float> values(size_t elements) {
    for (const TensorId t : training.parameters)
      if (const auto bytes = session->tensor(t); bytes.size() == elements * sizeof(float)) {
        std::vector<float> v(elements);
        std::memcpy(v.data(), bytes.data(), bytes.size());
        return v;
      }
    ADD_FAILURE() << "no parameter of " << elements << " values";
    return {};
  }

  void step(const std::vector<int8_t>& features, int32_t label) {
    std::vector<float> x;
    for (const int8_t q : features) x.push_back(real(q));
    std::memcpy(session->input(0).data(), x.data(), x.size() * sizeof(float));
    std::memcpy(session->input(1).data(), &label, sizeof label);
    ASSERT_TRUE(session->run());
  }
};

TEST(TrainHead, LearnsAsTheTrainerDoes) {
  Trainer trainer;
  const thimble_head head = {kFeatures, kClasses, 1, kScale, kZero};
  std::vector<float> weights = trainer.values(kFeatures * kClasses), bias = trainer.values(kClasses),
                     probabilities(kClasses);
  const std::vector<float> before = weights;
  const Examples e = examples();
  double first = 0, last = 0;
  for (size_t i = 0; i < kSteps; ++i) {
    trainer.step(e.features[i], e.labels[i]);
    thimble_head_step(&head, e.features[i].data(), e.labels[i], kRate, weights.data(), bias.data(),
                      probabilities.data());
    (i < kSteps / 2 ? first : last) -= std::log(probabilities[static_cast<size_t>(e.labels[i])]);
  }
  EXPECT_LT(last, 0.7 * first) << "the loss of the examples it has not seen yet";
  const std::vector<float> w = trainer.values(kFeatures * kClasses), b = trainer.values(kClasses);
  double moved = 0;
  for (size_t i = 0; i < w.size(); ++i) {
    EXPECT_NEAR(weights[i], w[i], 1e-5) << "weight " << i;
    moved = std::max<double>(moved, std::fabs(weights[i] - before[i]));
  }
  EXPECT_GT(moved, 0.05);
  for (size_t i = 0; i < b.size(); ++i) EXPECT_NEAR(bias[i], b[i], 1e-5) << "bias " << i;
}

TEST(TrainHead, FloatFeaturesAreTheSame) {
  const thimble_head integers = {kFeatures, kClasses, 1, kScale, kZero}, floats = {kFeatures, kClasses, 0, 0, 0};
  const Examples e = examples();
  std::vector<float> w(kFeatures * kClasses, 0.01f), b(kClasses), p(kClasses), v = w, c = b, q = p;
  for (size_t i = 0; i < kSteps; ++i) {
    std::vector<float> x;
    for (const int8_t value : e.features[i]) x.push_back(real(value));
    thimble_head_step(&integers, e.features[i].data(), e.labels[i], kRate, w.data(), b.data(), p.data());
    thimble_head_step(&floats, x.data(), e.labels[i], kRate, v.data(), c.data(), q.data());
  }
  EXPECT_EQ(w, v);
  EXPECT_EQ(b, c);
  EXPECT_EQ(p, q);
}

TEST(TrainHead, StartsFromTheIntegerLayer) {
  const thimble_head head = {3, 2, 1, kScale, kZero};
  const int8_t w[] = {1, -2, 3, -127, 127, 0};
  const float scales[] = {0.5f, 0.25f}, bias[] = {-1.5f, 2};
  std::vector<float> weights(6), biases(2);
  thimble_head_reset_s8(&head, w, scales, 2, bias, weights.data(), biases.data());
  EXPECT_EQ(weights, (std::vector<float>{0.5f, -1, 1.5f, -31.75f, 31.75f, 0}));
  EXPECT_EQ(biases, (std::vector<float>{-1.5f, 2}));
  thimble_head_reset_s8(&head, w, scales, 1, nullptr, weights.data(), biases.data());
  EXPECT_EQ(weights, (std::vector<float>{0.5f, -1, 1.5f, -63.5f, 63.5f, 0}));
  EXPECT_EQ(biases, (std::vector<float>{0, 0}));
}

TEST(TrainHead, ExponentialIsThatOfTheLibrary) {
  for (int i = 0; i <= 870000; ++i) {
    const float x = static_cast<float>(i) * -1e-4f;
    const double exact = std::exp(static_cast<double>(x));
    ASSERT_NEAR(thimble_head_exp(x) / exact, 1, 3e-7) << x;
  }
  EXPECT_EQ(thimble_head_exp(0), 1);
  EXPECT_EQ(thimble_head_exp(-100), 0);
  EXPECT_EQ(thimble_head_exp(-INFINITY), 0);
  EXPECT_TRUE(std::isnan(thimble_head_exp(NAN)));
}

}  // namespace
}  // namespace thimble::test
