#include "compress/distill/distill.h"

#include <cstring>

#include "compress/prune/prune.h"
#include "compress/quantize/quantize.h"
#include "compress/test_training.h"

namespace thimble {
namespace {

using namespace test;

Graph network(const ModelSpec& spec, const Dataset& set, int epochs) {
  const auto trained = train(spec, ring_training(epochs), set, {}, {}, {}, {});
  EXPECT_TRUE(trained) << trained.error().to_string();
  auto graph = with_weights(*build_model(spec, {.batch = 1}), trained->weights);
  EXPECT_TRUE(graph);
  return std::move(*graph);
}

const std::shared_ptr<const Graph>& small_teacher() {
  static const auto graph = std::make_shared<const Graph>(network(ring_network(16), rings(600, 5), 4));
  return graph;
}

// The batch and the loss of the first step.
struct FirstStep final : Technique {
  std::string describe() const override { return "first step"; }
  Status before_step(FitView& fit) override {
    if (fit.step > 0) return {};
    const auto x = fit.session.input(0), y = fit.session.input(1);
    inputs.resize(x.size() / 4);
    std::memcpy(inputs.data(), x.data(), x.size());
    labels.resize(y.size() / 4);
    std::memcpy(labels.data(), y.data(), y.size());
    return {};
  }
  Status after_step(FitView& fit) override {
    if (fit.step == 1) loss = *reinterpret_cast<const float*>(fit.session.output(0).data());
    return {};
  }
  std::vector<float> inputs;
  std::vector<int32_t> labels;  // or the bits of float targets
  double loss = 0;
};

std::vector<float> answers(const Graph& graph, std::span<const float> inputs, const std::string& tensor_name = {}) {
  Graph g = graph;
  if (!tensor_name.empty())
    for (size_t t = 0; t < g.tensors.size(); ++t)
      if (g.tensors[t].name == tensor_name) g.outputs = {static_cast<TensorId>(t)};
  auto session = Session::create(*Program::plan(std::move(g)));
  EXPECT_TRUE(session);
  std::vector<float> all;
  const size_t width = (*session)->input(0).size() / 4;
  for (size_t i = 0; i < inputs.size(); i += width) {
    std::memcpy((*session)->input(0).data(), &inputs[i], width * 4);
    (*session)->run();
    const auto y = (*session)->output(0);
    const auto* p = reinterpret_cast<const float*>(y.data());
    all.insert(all.end(), p, p + y.size() / 4);
  }
  return all;
}

// softmax(logits / T) from softmax(logits): p^(1/T), normalised.
std::vector<double> softened(const float* p, size_t n, double t) {
  std::vector<double> q(n);
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += q[i] = std::pow(static_cast<double>(p[i]), 1 / t);
  for (double& v : q) v /= sum;
  return q;
}

double loss_by_hand(std::span<const float> student, std::span<const float> teacher, std::span<const int32_t> labels,
                    double t, double alpha) {
  double hard = 0, soft = 0;
  for (size_t r = 0; r < labels.size(); ++r) {
    hard -= std::log(static_cast<double>(student[3 * r + static_cast<size_t>(labels[r])]));
    const auto s = softened(&student[3 * r], 3, t), q = softened(&teacher[3 * r], 3, t);
    for (size_t c = 0; c < 3; ++c) soft -= q[c] * std::log(s[c]);
  }
  const double n = static_cast<double>(labels.size());
  return (1 - alpha) * hard / n + alpha * t * t * soft / n;
}

TEST(Distillation, TheLossIsTheFormula) {
  for (const double t : {1.0, 3.0})
    for (const double alpha : {0.0, 0.6, 1.0}) {
      const auto seen = std::make_shared<FirstStep>();
      const DistillOptions options{.teacher = small_teacher(), .teacher_name = "t", .temperature = t, .alpha = alpha};
      const auto after = retrain(trained_rings(), ring_retraining(1), {std::make_shared<Distillation>(options), seen});
      ASSERT_TRUE(after) << after.error().to_string();
      const double expected = loss_by_hand(answers(trained_rings(), seen->inputs),
                                           answers(*small_teacher(), seen->inputs), seen->labels, t, alpha);
      EXPECT_NEAR(seen->loss, expected, 1e-4 * expected) << "T = " << t << ", alpha = " << alpha;
    }
}

TEST(Distillation, AQuantisedTeacherAnswersNearlyAlike) {
  const Dataset set = rings(200, 5);
  const auto quantized = quantize(*small_teacher(), {.to = QuantizeTo::int8}, [&](int64_t i, std::span<float> input) {
    if (i >= set.size()) return false;
    std::copy_n(set.floats(i), input.size(), input.begin());
    return true;
  });
  ASSERT_TRUE(quantized) << quantized.error().to_string();
  double losses[2];
  for (int i = 0; i < 2; ++i) {
    const auto seen = std::make_shared<FirstStep>();
    const DistillOptions options{.teacher = i ? std::make_shared<const Graph>(quantized->graph) : small_teacher(),
                                 .teacher_name = "t"};
    const auto after = retrain(trained_rings(), ring_retraining(1), {std::make_shared<Distillation>(options), seen});
    ASSERT_TRUE(after) << after.error().to_string();
    losses[i] = seen->loss;
  }
  EXPECT_NE(losses[0], losses[1]);
  EXPECT_NEAR(losses[0], losses[1], 0.05 * losses[0]);
}

TEST(Distillation, ValuesAndFeatures) {
  auto samples = std::make_shared<Samples>();
  samples->name = "sums";
  samples->sample_shape = {2};
  samples->storage = Storage::floats;
  samples->count = 64;
  samples->target_width = 1;
  Random random(1);
  for (int i = 0; i < 64; ++i) {
    const auto a = static_cast<float>(random.uniform(-1, 1)), b = static_cast<float>(random.uniform(-1, 1));
    samples->floats.insert(samples->floats.end(), {a, b});
    samples->targets.push_back(a + b * b);
  }
  const Dataset set(samples);
  ModelSpec spec;
  spec.input = {2};
  spec.layers = {{.word = "dense", .size = 6, .activation = "relu"}, {.word = "dense", .size = 1}};
  const Graph student = network(spec, set, 2);
  const auto teacher = std::make_shared<const Graph>(network(spec, set, 9));
  Retraining how = ring_retraining(1);
  how.train = set;
  how.validation = {};
  const auto seen = std::make_shared<FirstStep>();
  const DistillOptions options{.teacher = teacher,
                               .teacher_name = "t",
                               .alpha = 0.25,
                               .student_feature = "dense_1",
                               .teacher_feature = "dense_1",
                               .feature_weight = 2};
  const auto after = retrain(student, how, {std::make_shared<Distillation>(options), seen});
  ASSERT_TRUE(after) << after.error().to_string();
  const auto own = answers(student, seen->inputs), theirs = answers(*teacher, seen->inputs);
  const auto own_inner = answers(student, seen->inputs, "dense_1"), inner = answers(*teacher, seen->inputs, "dense_1");
  double hard = 0, soft = 0, feature = 0;
  for (size_t i = 0; i < own.size(); ++i) {
    float target;
    std::memcpy(&target, &seen->labels[i], 4);
    hard += std::pow(own[i] - target, 2), soft += std::pow(own[i] - theirs[i], 2);
  }
  for (size_t i = 0; i < inner.size(); ++i) feature += std::pow(own_inner[i] - inner[i], 2);
  const double n = static_cast<double>(own.size());
  const double expected = 0.75 * hard / n + 0.25 * soft / n + 2 * feature / static_cast<double>(inner.size());
  EXPECT_NEAR(seen->loss, expected, 1e-4 * expected);
}

TEST(Distillation, OnlyTheTeacherTeachesAtAlphaOne) {
  // A student that sees wrong labels follows the teacher.
  auto wrong = std::make_shared<Samples>(rings(1000, 1).samples());
  for (int32_t& label : wrong->labels) label = (label + 1) % 3;
  Retraining how = ring_retraining(8, 0.01);
  how.train = Dataset(wrong);
  const auto teacher = std::make_shared<const Graph>(trained_rings());
  const auto after = retrain(*small_teacher(), how,
                             {std::make_shared<Distillation>(DistillOptions{
                                 .teacher = teacher, .teacher_name = "t", .temperature = 2, .alpha = 1})});
  ASSERT_TRUE(after) << after.error().to_string();
  EXPECT_GT(after->epochs.back().val_accuracy, 0.95);
}

TEST(Distillation, ResumesToTheSameBitsBesideAnotherTechnique) {
  expect_resumes("distill", ring_retraining(2),
                 [] {
                   PruneOptions prune;
                   prune.schedule.frequency = 10;
                   return Techniques{
                       std::make_shared<Distillation>(DistillOptions{.teacher = small_teacher(), .teacher_name = "t"}),
                       std::make_shared<Pruning>(prune)};
                 },
                 {3, 40});
}

TEST(Distillation, RefusesTeachersThatDoNotFit) {
  const auto error = [](DistillOptions options) {
    const auto r = retrain(trained_rings(), ring_retraining(1), {std::make_shared<Distillation>(std::move(options))});
    return r ? Error{ErrorCode::internal, "no error", {}, {}} : r.error();
  };
  ModelSpec other = ring_network(8);
  other.layers.back().size = 4;
  const auto four = std::make_shared<const Graph>(network(other, rings(100, 1), 1));
  EXPECT_NE(error({.teacher = four, .teacher_name = "t"}).message.find("4 values per sample"), std::string::npos);
  EXPECT_EQ(error({.teacher = small_teacher(), .teacher_name = "t", .temperature = 0}).code, ErrorCode::usage);
  EXPECT_EQ(error({.teacher = small_teacher(), .teacher_name = "t", .alpha = 2}).code, ErrorCode::usage);
  EXPECT_EQ(error({}).code, ErrorCode::usage);
  const Error typo = error(
      {.teacher = small_teacher(), .teacher_name = "t", .student_feature = "dense_11", .teacher_feature = "dense_1"});
  EXPECT_NE(typo.hint.find("dense_1"), std::string::npos) << typo.message;
}

}  // namespace
}  // namespace thimble
