// Regressions around 250,000 (and far from zero): the float model, its int8 forms, and further training of them.
#include "compress/quantize/int8_answers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "compress/prune/prune.h"
#include "compress/qat/qat.h"
#include "compress/retrain.h"
#include "compress/shrink/shrink.h"
#include "runtime/program.h"

namespace thimble {
namespace {

// One or two columns of targets: mean + deviation · f(x), the second of them small.
Dataset houses(int64_t count, uint64_t seed, double mean, double deviation, int columns = 1) {
  auto s = std::make_shared<Samples>();
  s->name = "houses";
  s->sample_shape = {4};
  s->storage = Storage::floats;
  s->count = count;
  s->target_width = columns;
  Random random(seed);
  for (int64_t i = 0; i < count; ++i) {
    double x[4];
    for (double& v : x) {
      v = random.normal();
      s->floats.push_back(static_cast<float>(v));
    }
    s->targets.push_back(static_cast<float>(mean + deviation * (0.8 * x[0] - 0.5 * x[1] + 0.3 * std::tanh(x[2]))));
    if (columns == 2) s->targets.push_back(static_cast<float>(3 + x[3]));
  }
  return Dataset(s);
}

struct Trained {
  Dataset train_set, test;
  Feeding feeding;
  Graph graph;

  CalibrationSamples samples() const {
    return [this](int64_t i, std::span<float> x) {
      if (i >= 200) return false;
      std::copy_n(train_set.floats(i), x.size(), x.begin());
      return true;
    };
  }
  Retraining retraining(int epochs) const {
    Retraining how;
    how.train = train_set;
    how.feeding = feeding;
    how.spec.optimizer = *make_optimizer("adam");
    how.spec.optimizer.learning_rate = 0.002;
    how.spec.epochs = epochs;
    return how;
  }
};

Trained trained(double mean, double deviation, int columns = 1) {
  Trained t;
  t.train_set = houses(1500, 1, mean, deviation, columns);
  t.test = houses(500, 2, mean, deviation, columns);
  EXPECT_TRUE(measure_targets(t.train_set, &t.feeding));
  ModelSpec spec;
  spec.input = {4};
  spec.layers = {{.word = "dense", .size = 24, .activation = "relu"},
                 {.word = "dense", .size = static_cast<double>(columns)}};
  TrainSpec how;
  how.optimizer = *make_optimizer("adam");
  how.optimizer.learning_rate = 0.005;
  how.epochs = 25;
  const auto result = train(spec, how, t.train_set, {}, t.feeding, {}, {});
  EXPECT_TRUE(result) << result.error().to_string();
  auto graph = with_weights(*build_model(spec, {.batch = 1}), result->weights);
  EXPECT_TRUE(put_answer_scale(*graph, answer_scale(t.feeding)));
  graph->metadata["thimble.preprocess"] = t.feeding.to_json();
  t.graph = std::move(*graph);
  return t;
}

// R² of the first or second column, in the targets' own units.
double r2(const Graph& graph, const Dataset& set, int column = 0) {
  const auto program = Program::plan(graph);
  EXPECT_TRUE(program) << program.error().to_string();
  if (!program) return -1;
  const auto session = Session::create(*program);
  const Tensor &x = graph.at(graph.inputs[0]), &y = graph.at(graph.outputs[0]);
  double sum = 0, squares = 0, wrong = 0;
  for (int64_t i = 0; i < set.size(); ++i) {
    auto memory = (*session)->input(0);
    for (int e = 0; e < 4; ++e) {
      if (x.type == DType::f32)
        reinterpret_cast<float*>(memory.data())[e] = set.floats(i)[e];
      else
        reinterpret_cast<int8_t*>(memory.data())[e] = static_cast<int8_t>(
            std::clamp(std::round(set.floats(i)[e] / x.quant.scale[0]) + static_cast<float>(x.quant.zero_point[0]),
                       -128.0f, 127.0f));
    }
    (*session)->run();
    const auto out = (*session)->output(0);
    const double said = y.type == DType::f32
                            ? reinterpret_cast<const float*>(out.data())[column]
                            : (reinterpret_cast<const int8_t*>(out.data())[column] - y.quant.zero_point[0]) *
                                  static_cast<double>(y.quant.scale[0]);
    const double truth = set.target(i)[column], from = truth - set.target(0)[column];
    sum += from;
    squares += from * from;
    wrong += (said - truth) * (said - truth);
  }
  const double n = static_cast<double>(set.size());
  return 1 - wrong / (squares - sum * sum / n);
}

bool has(const Graph& graph, Op op) {
  return std::ranges::any_of(graph.nodes, [&](const Node& n) { return n.op == op; });
}

TEST(Int8Answers, OfHousePrices) {
  const Trained t = trained(250000, 80000);
  const double whole = r2(t.graph, t.test);
  EXPECT_GT(whole, 0.99);
  EXPECT_FALSE(has(t.graph, Op::mul));  // the last layer has it
  for (const auto io : {QuantizeOptions::Io::float32, QuantizeOptions::Io::int8}) {
    const auto q = quantize(t.graph, {.io = io}, t.samples());
    ASSERT_TRUE(q) << q.error().to_string();
    EXPECT_GT(r2(q->graph, t.test), whole - 0.01);
    EXPECT_FALSE(has(q->graph, Op::mul));
    QatOptions options;
    options.quantize.io = io;
    const auto qat = Qat::make(t.graph, options, t.samples());
    ASSERT_TRUE(qat) << qat.error().to_string();
    const auto more = retrain(t.graph, t.retraining(3), {*qat});
    ASSERT_TRUE(more) << more.error().to_string();
    EXPECT_LT(more->epochs.back().loss, 0.05);  // of scaled targets
    const auto made = (*qat)->deployed(more->weights);
    ASSERT_TRUE(made) << made.error().to_string();
    EXPECT_FALSE(has(made->graph, Op::mul));
    EXPECT_GT(r2(made->graph, t.test), whole - 0.01);
    EXPECT_EQ(made->graph.metadata, t.graph.metadata);
  }
}

// A range that includes 0 would leave a value 300 deviations away a handful of steps.
TEST(Int8Answers, FarFromZero) {
  const Trained t = trained(101300, 340);
  const double whole = r2(t.graph, t.test);
  EXPECT_GT(whole, 0.98);
  const auto q = quantize(t.graph, {}, t.samples());
  ASSERT_TRUE(q) << q.error().to_string();
  EXPECT_TRUE(has(q->graph, Op::mul));  // after DEQUANTIZE
  EXPECT_GT(r2(q->graph, t.test), whole - 0.01);
  const auto qat = Qat::make(t.graph, {}, t.samples());
  const auto more = retrain(t.graph, t.retraining(3), {*qat});
  ASSERT_TRUE(more) << more.error().to_string();
  const auto made = (*qat)->deployed(more->weights);
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_GT(r2(made->graph, t.test), whole - 0.01);
}

// int16 activations have no room for 300 deviations either.
TEST(Int8Answers, FarFromZeroIn16Bits) {
  const Trained t = trained(101300, 340);
  const auto q = quantize(t.graph, {.to = QuantizeTo::int16x8}, t.samples());
  ASSERT_TRUE(q) << q.error().to_string();
  EXPECT_GT(r2(q->graph, t.test), r2(t.graph, t.test) - 0.01);
}

// Answers of about 1e-12: scales of integers that small are kept from none of the forms.
TEST(Int8Answers, TinyUnits) {
  const Trained t = trained(1e-12, 4e-12);
  const double whole = r2(t.graph, t.test);
  EXPECT_GT(whole, 0.98);
  for (const auto io : {QuantizeOptions::Io::float32, QuantizeOptions::Io::int8}) {
    const auto q = quantize(t.graph, {.io = io}, t.samples());
    ASSERT_TRUE(q) << q.error().to_string();
    EXPECT_GT(r2(q->graph, t.test), whole - 0.01);
  }
  const auto wide = quantize(t.graph, {.to = QuantizeTo::int16x8}, t.samples());
  ASSERT_TRUE(wide) << wide.error().to_string();
  EXPECT_GT(r2(wide->graph, t.test), whole - 0.01);
}

TEST(Int8Answers, ColumnsOfDifferentSize) {
  const Trained t = trained(250000, 80000, 2);
  EXPECT_TRUE(has(t.graph, Op::mul));
  const auto q = quantize(t.graph, {}, t.samples());
  ASSERT_TRUE(q) << q.error().to_string();
  for (int column : {0, 1}) {
    EXPECT_GT(r2(t.graph, t.test, column), 0.97) << column;
    EXPECT_GT(r2(q->graph, t.test, column), 0.96) << column;
  }
  // Integer answers share one scale: the large column keeps its precision.
  QatOptions options;
  options.quantize.io = QuantizeOptions::Io::int8;
  const auto qat = Qat::make(t.graph, options, t.samples());
  ASSERT_TRUE(qat);
  const auto more = retrain(t.graph, t.retraining(2), {*qat});
  const auto made = (*qat)->deployed(more->weights);
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_GT(r2(made->graph, t.test), 0.97);
}

TEST(Int8Answers, FurtherTrainingLearnsScaledTargets) {
  const Trained t = trained(250000, 80000);
  PruneOptions zeros;
  zeros.schedule.target = 0.5;
  const auto pruned = retrain(t.graph, t.retraining(5), {std::make_shared<Pruning>(zeros)});
  ASSERT_TRUE(pruned) << pruned.error().to_string();
  EXPECT_LT(pruned->epochs.back().loss, 0.1);
  EXPECT_GT(r2(pruned->graph, t.test), 0.97);
  EXPECT_EQ(pruned->graph.metadata, t.graph.metadata);
  ShrinkPlan plan;
  plan.ranking = Ranking::taylor;
  plan.options.keep = 0.6;
  const auto shrunk = shrink(pruned->graph, plan, t.retraining(5));
  ASSERT_TRUE(shrunk) << shrunk.error().to_string();
  EXPECT_GT(r2(shrunk->shrunk.graph, t.test), 0.97);
}

}  // namespace
}  // namespace thimble
