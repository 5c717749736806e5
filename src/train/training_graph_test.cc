// One training step of a small convolution network: the planned kernels against the operators'
// references, one thread against two, at batch sizes that take different paths.
#include "train/training_graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/random.h"
#include "runtime/program.h"
#include "train/optimizer.h"

namespace thimble {
namespace {

ModelSpec network() {
  ModelSpec spec;
  spec.input = {13, 12, 1};
  spec.layers = {{.word = "conv2d", .size = 20, .activation = "relu"},
                 {.word = "max_pool", .size = 2, .window_h = 2, .window_w = 2},
                 {.word = "conv2d", .size = 17, .padding = Padding::same, .activation = "relu6"},
                 {.word = "conv2d", .size = 9, .activation = "relu"},
                 {.word = "flatten"},
                 {.word = "dropout", .size = 0.25},
                 {.word = "dense", .size = 8, .activation = "relu"},
                 {.word = "dense", .size = 5, .activation = "softmax"}};
  return spec;
}

// Parameters after two steps, and the graph's operators. The limit on gradients changes no value: it keeps the
// gradients of dense layers as tensors of their own.
std::vector<float> after_two_steps(int64_t batch, const PlanOptions& options, std::vector<Op>* ops = nullptr,
                                   const char* optimizer = "sgd", bool limited = false) {
  const auto model = build_model(network(), {.batch = batch, .training = true, .seed = 3});
  EXPECT_TRUE(model) << model.error().to_string();
  TrainSpec spec;
  spec.optimizer = *make_optimizer(optimizer);
  if (limited) spec.optimizer.clipvalue = 1e30;
  LossPlan loss;
  loss.from_logits = loss.classes = true;
  loss.attrs.kind = LossKind::crossentropy;
  const auto training = build_training_graph(*model, spec, loss, 5);
  EXPECT_TRUE(training) << training.error().to_string();
  if (ops)
    for (const Node& node : training->graph.nodes) ops->push_back(node.op);
  auto program = Program::plan(training->graph, options);
  EXPECT_TRUE(program) << program.error().to_string();
  auto session = Session::create(*program);
  EXPECT_TRUE(session);
  const bool plain = spec.optimizer.rule == UpdateRule::sgd;
  const float hyper[16] = {plain ? 0.5f : 0.01f, plain ? 0 : 0.1f, plain ? 0 : 0.001f, plain ? 0 : 1e-7f};
  std::memcpy((*session)->tensor(training->hyper).data(), hyper, sizeof hyper);
  Random random(5);
  auto* x = reinterpret_cast<float*>((*session)->input(0).data());
  for (size_t i = 0; i < (*session)->input(0).size() / 4; ++i) x[i] = static_cast<float>(random.normal());
  auto* labels = reinterpret_cast<int32_t*>((*session)->input(1).data());
  for (int64_t i = 0; i < batch; ++i) labels[i] = static_cast<int32_t>(random.below(5));
  for (int32_t step = 0; step < 2; ++step) {
    std::memcpy((*session)->tensor(training->step).data(), &step, sizeof step);
    (*session)->run();
  }
  std::vector<float> values;
  for (TensorId t : training->parameters) {
    const auto bytes = (*session)->tensor(t);
    const auto* p = reinterpret_cast<const float*>(bytes.data());
    values.insert(values.end(), p, p + bytes.size() / 4);
  }
  return values;
}

TEST(TrainingGraph, KernelsEqualReferencesAndThreadsChangeNothing) {
  for (int64_t batch : {1, 5, 8, 33}) {
    const auto one = after_two_steps(batch, {.threads = 1}), two = after_two_steps(batch, {.threads = 2});
    const auto reference = after_two_steps(batch, {.reference_only = true});
    EXPECT_EQ(one, two) << "batch " << batch;
    ASSERT_EQ(one.size(), reference.size());
    double worst = 0;
    for (size_t i = 0; i < one.size(); ++i) worst = std::max<double>(worst, std::fabs(one[i] - reference[i]));
    EXPECT_LT(worst, 2e-5) << "batch " << batch;
  }
}

TEST(TrainingGraph, DenseGradientsInsideTheirUpdateChangeNothing) {
  for (const char* optimizer : {"sgd", "adam"})
    for (int64_t batch : {1, 5, 33}) {
      std::vector<Op> fused, apart;
      const auto one = after_two_steps(batch, {.threads = 1}, &fused, optimizer);
      const auto two = after_two_steps(batch, {.threads = 2}, nullptr, optimizer);
      const auto kept = after_two_steps(batch, {.threads = 1}, &apart, optimizer, true);
      EXPECT_EQ(std::ranges::count(fused, Op::fully_connected_update), 2);
      EXPECT_EQ(std::ranges::count(apart, Op::fully_connected_update), 0);
      EXPECT_EQ(one, two) << optimizer << " batch " << batch;
      if (batch > 4 || std::string_view(optimizer) != "sgd") {  // else sums go into the weights themselves
        EXPECT_EQ(one, kept) << optimizer << " batch " << batch;
      } else {
        for (size_t i = 0; i < one.size(); ++i) ASSERT_NEAR(one[i], kept[i], 1e-6) << batch;
      }
    }
}

TEST(TrainingGraph, ClampsAreFusedAndUnusedOutputsGone) {
  std::vector<Op> ops;
  after_two_steps(4, {}, &ops);
  EXPECT_EQ(std::count(ops.begin(), ops.end(), Op::softmax), 0);
  // Left: behind the dense layers and behind flatten and dropout.
  EXPECT_EQ(std::count(ops.begin(), ops.end(), Op::relu_grad), 2);
}

}  // namespace
}  // namespace thimble
