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

// Parameters after two steps of plain SGD, and the graph's operators.
std::vector<float> after_two_steps(int64_t batch, const PlanOptions& options, std::vector<Op>* ops = nullptr) {
  const auto model = build_model(network(), {.batch = batch, .training = true, .seed = 3});
  EXPECT_TRUE(model) << model.error().to_string();
  TrainSpec spec;
  spec.optimizer = *make_optimizer("sgd");
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
  const float hyper[16] = {0.5f};
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

TEST(TrainingGraph, ClampsAreFusedAndUnusedOutputsGone) {
  std::vector<Op> ops;
  after_two_steps(4, {}, &ops);
  EXPECT_EQ(std::count(ops.begin(), ops.end(), Op::softmax), 0);
  // Left: behind the dense layers and behind flatten and dropout.
  EXPECT_EQ(std::count(ops.begin(), ops.end(), Op::relu_grad), 2);
}

}  // namespace
}  // namespace thimble
