#include "compress/prune/prune.h"

#include "compress/test_graphs.h"
#include "compress/test_training.h"

namespace thimble {
namespace {

using namespace test;

PruneOptions to(double sparsity) {
  PruneOptions options;
  options.schedule.target = sparsity;
  options.schedule.frequency = 7;
  return options;
}

Techniques with(const PruneOptions& options) { return {std::make_shared<Pruning>(options)}; }

WeightMatrix dense(int64_t rows, int64_t columns) { return {0, "w", "layer", rows, columns, columns, 1}; }
using Mask = std::vector<uint8_t>;
Mask mask_of(const WeightMatrix& w, const std::vector<float>& values, const PruneOptions& options, double sparsity) {
  const std::span<const float> all[] = {values};
  Mask masks[] = {Mask(values.size(), 1)};
  choose_masks({&w, 1}, all, options, sparsity, masks);
  return masks[0];
}

TEST(PruneSchedule, FollowsTheFormulas) {
  PruneSchedule s{.kind = PruneSchedule::Kind::polynomial, .initial = 0.2, .target = 0.8, .begin = 10, .end = 110};
  EXPECT_EQ(s.sparsity(9, 200), 0);
  EXPECT_DOUBLE_EQ(s.sparsity(10, 200), 0.2);
  EXPECT_DOUBLE_EQ(s.sparsity(60, 200), 0.8 - 0.6 * 0.125);
  EXPECT_DOUBLE_EQ(s.sparsity(110, 200), 0.8);
  EXPECT_DOUBLE_EQ(s.sparsity(180, 200), 0.8);
  s.power = 1;
  EXPECT_DOUBLE_EQ(s.sparsity(35, 200), 0.2 + 0.6 * 0.25);
  s.kind = PruneSchedule::Kind::constant;
  EXPECT_EQ(s.sparsity(9, 200), 0);
  EXPECT_DOUBLE_EQ(s.sparsity(10, 200), 0.8);
  // The mask changes at begin, every `frequency` steps, and at the end itself.
  s.frequency = 30;
  std::vector<int64_t> changes;
  for (int64_t t = 0; t <= 200; ++t)
    if (s.changes(t, 200)) changes.push_back(t);
  EXPECT_EQ(changes, (std::vector<int64_t>{10, 40, 70, 100, 110}));
  s.end = -1;
  EXPECT_EQ(s.end_step(200), 100);
}

TEST(PruneMask, KeepsTheLargestAndTies) {
  const std::vector<float> w{3, -1, 2, 2, -5, 0.5f, 2, 0.1f};
  EXPECT_EQ(mask_of(dense(2, 4), w, {}, 0.75), (Mask{1, 0, 0, 0, 1, 0, 0, 0}));
  // Three of eight asked for; the third largest magnitude is 2, of which there are three.
  EXPECT_EQ(mask_of(dense(2, 4), w, {}, 0.625), (Mask{1, 0, 1, 1, 1, 0, 1, 0}));
  EXPECT_EQ(mask_of(dense(2, 4), w, {}, 0), Mask(8, 1));
  EXPECT_EQ(mask_of(dense(2, 4), w, {}, 0.999), (Mask{0, 0, 0, 0, 1, 0, 0, 0}));  // never nothing
}

TEST(PruneMask, BlocksGoTogether) {
  PruneOptions options;
  options.block_rows = 1, options.block_columns = 4;
  // Rows of 6: a block of 4 and one of 2. Mean magnitudes: 1, 4 | 2.5, 0.5.
  const std::vector<float> w{1, 1, -1, 1, 4, -4, 10, 0, 0, 0, 0.5f, -0.5f};
  EXPECT_EQ(mask_of(dense(2, 6), w, options, 0.5), (Mask{0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0}));
  options.block_rows = 2, options.block_columns = 1;
  EXPECT_EQ(mask_of(dense(2, 2), {1, 3, 4, 1}, options, 0.5), (Mask{1, 0, 1, 0}));
}

TEST(PruneMask, PatternsKeepNOfM) {
  PruneOptions options;
  ASSERT_TRUE(parse_pattern("2:4", &options));
  const std::vector<float> w{1, -2, 3, -4, 1, 1, 1, 1, 9, 8, 7, 6, 5, 4};
  EXPECT_EQ(mask_of(dense(1, 14), w, options, 0), (Mask{0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1}));
  EXPECT_EQ(mask_of(dense(7, 2), w, options, 0), Mask(14, 1));  // rows of two hold no more
  // Depthwise: channels are innermost, their neighbours lie apart.
  const WeightMatrix depthwise{0, "w", "layer", 2, 4, 1, 2};
  EXPECT_EQ(mask_of(depthwise, {1, 8, 2, 7, 3, 6, 4, 5}, options, 0), (Mask{0, 1, 0, 1, 1, 0, 1, 0}));
}

TEST(PruneMask, OneThresholdForAllTensors) {
  PruneOptions options;
  options.global = true;
  const WeightMatrix weights[] = {dense(1, 4), dense(2, 3)};
  const std::vector<float> a{1, 2, 3, 4}, b{0.1f, 0.2f, 0.3f, 5, 0.4f, 0.5f};
  const std::span<const float> values[] = {a, b};
  Mask masks[] = {Mask(4, 1), Mask(6, 1)};
  choose_masks(weights, values, options, 0.5, masks);
  EXPECT_EQ(masks[0], Mask(4, 1));
  EXPECT_EQ(masks[1], (Mask{0, 0, 0, 1, 0, 0}));
  // A tensor below the threshold keeps its largest.
  const std::vector<float> small{0.01f, 0.03f, 0.02f, 0.01f};
  const std::span<const float> others[] = {small, b};
  Mask more[] = {Mask(4, 1), Mask(6, 1)};
  choose_masks(weights, others, options, 0.6, more);
  EXPECT_EQ(more[0], (Mask{0, 1, 0, 0}));
  EXPECT_EQ(more[1], (Mask{0, 0, 1, 1, 1, 1}));
}

TEST(PruneMask, WhatIsGoneStaysGone) {
  const WeightMatrix w = dense(1, 4);
  const std::vector<float> values{4, 3, 2, 1};
  const std::span<const float> all[] = {values};
  Mask masks[] = {{0, 1, 1, 1}};
  choose_masks({&w, 1}, all, {}, 0.25, masks);
  EXPECT_EQ(masks[0], (Mask{0, 1, 1, 1}));  // a quarter is gone already
  choose_masks({&w, 1}, all, {}, 0.5, masks);
  EXPECT_EQ(masks[0], (Mask{0, 1, 1, 0}));
}

TEST(Pruning, SparsityIsExactAtEveryStepOfTheSchedule) {
  for (const auto kind : {PruneSchedule::Kind::polynomial, PruneSchedule::Kind::constant}) {
    PruneOptions options = to(0.8);
    options.schedule.kind = kind;
    options.schedule.initial = 0.1;
    options.schedule.begin = 5;
    int seen = 0;
    double last = 0;
    const auto watch = std::make_shared<Witness>([&](const FitView& fit) {
      const PruneSchedule& s = options.schedule;
      if (s.changes(fit.step, fit.steps)) last = s.sparsity(fit.step, fit.steps);
      for (const char* name : {"dense_1/kernel", "dense_2/kernel", "dense_3/kernel"}) {
        const ParameterView& p = parameter(fit, name);
        const auto n = static_cast<int64_t>(p.values.size());
        EXPECT_EQ(zeros(p.values), n - std::llround(static_cast<double>(n) * (1 - last))) << name << " " << fit.step;
        EXPECT_EQ(zeros(p.average), zeros(p.values));
      }
      EXPECT_EQ(zeros(parameter(fit, "dense_2/bias").values), 0) << "step " << fit.step;
      ++seen;
    });
    Retraining how = ring_retraining(2);
    how.spec.average = 0.9;
    Techniques techniques = with(options);
    techniques.push_back(watch);
    const auto pruned = retrain(trained_rings(), how, techniques);
    ASSERT_TRUE(pruned) << pruned.error().to_string();
    EXPECT_EQ(seen, 63);
    EXPECT_EQ(zeros(pruned->graph, "dense_2/kernel"), 1024 - 205);
  }
}

TEST(Pruning, StructuresHoldInTheTrainedModel) {
  PruneOptions options = to(0.5);
  ASSERT_TRUE(parse_pattern("1:4", &options));
  auto pruned = retrain(trained_rings(), ring_retraining(1), with(options));
  ASSERT_TRUE(pruned) << pruned.error().to_string();
  const auto w = tensor(pruned->graph, "dense_2/kernel").data.as<float>();
  for (size_t i = 0; i < w.size(); i += 4) EXPECT_EQ(zeros(w.subspan(i, 4)), 3);

  options = to(0.75);
  ASSERT_TRUE(parse_block("4x2", &options));
  options.choice.layers = {"dense_2"};
  pruned = retrain(trained_rings(), ring_retraining(1), with(options));
  ASSERT_TRUE(pruned) << pruned.error().to_string();
  const auto v = tensor(pruned->graph, "dense_2/kernel").data.as<float>();
  int whole = 0, gone = 0;
  for (size_t r = 0; r < 32; r += 4)
    for (size_t c = 0; c < 32; c += 2) {
      int64_t n = 0;
      for (size_t i = 0; i < 4; ++i) n += zeros(v.subspan((r + i) * 32 + c, 2));
      gone += n == 8;
      whole += n == 0;
    }
  EXPECT_EQ(gone, 96);
  EXPECT_EQ(whole, 32);
  EXPECT_EQ(zeros(pruned->graph, "dense_1/kernel"), 0) << "not chosen";
}

TEST(Pruning, HalfTheWeightsCostNoAccuracy) {
  Retraining how = ring_retraining(6);
  const auto dense = retrain(trained_rings(), how);
  const auto half = retrain(trained_rings(), how, with(to(0.5)));
  ASSERT_TRUE(dense && half);
  EXPECT_GT(dense->epochs.back().val_accuracy, 0.97);
  EXPECT_GE(half->epochs.back().val_accuracy, dense->epochs.back().val_accuracy - 0.005);
}

TEST(Pruning, ResumesAndThreadsToTheSameBits) {
  PruneOptions options = to(0.7);
  options.global = true;
  Retraining how = ring_retraining(2);
  how.spec.average = 0.95;
  expect_resumes("prune", how, [&] { return with(options); }, {1, 20, 31, 47});
  const auto one = retrain(trained_rings(), how, with(options));
  how.threads = 2;
  const auto two = retrain(trained_rings(), how, with(options));
  ASSERT_TRUE(one && two);
  EXPECT_TRUE(same_weights(one->graph, two->graph));
}

TEST(Pruning, ZerosFromBeforeStay) {
  const auto pruned = retrain(trained_rings(), ring_retraining(1), with(to(0.6)));
  ASSERT_TRUE(pruned);
  PruneOptions keep;
  keep.keep = true;
  const auto after = retrain(pruned->graph, ring_retraining(1), with(keep));
  ASSERT_TRUE(after) << after.error().to_string();
  for (const char* name : {"dense_1/kernel", "dense_2/kernel", "dense_3/kernel"}) {
    const auto a = tensor(pruned->graph, name).data.as<float>(), b = tensor(after->graph, name).data.as<float>();
    EXPECT_GT(zeros(a), 0);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i] == 0, b[i] == 0);
  }
  EXPECT_FALSE(same_weights(pruned->graph, after->graph));
  // A lower goal afterwards brings nothing back.
  const auto lower = retrain(pruned->graph, ring_retraining(1), with(to(0.3)));
  ASSERT_TRUE(lower);
  EXPECT_EQ(zeros(lower->graph, "dense_2/kernel"), zeros(pruned->graph, "dense_2/kernel"));
}

TEST(Pruning, RefusesWhatMakesNoSense) {
  const auto error = [](const PruneOptions& options) {
    const auto r = retrain(trained_rings(), ring_retraining(1), with(options));
    return r ? Error{ErrorCode::internal, "no error", {}, {}} : r.error();
  };
  EXPECT_EQ(error(to(1.0)).code, ErrorCode::usage);
  EXPECT_NE(error(to(1.0)).message.find("leaves no weight"), std::string::npos);
  PruneOptions options = to(0.5);
  options.choice.layers = {"dense_22"};
  EXPECT_NE(error(options).hint.find("dense_2"), std::string::npos);
  options.choice.layers = {"softmax"};
  EXPECT_EQ(error(options).code, ErrorCode::usage);
  options = to(0.5);
  options.schedule.end = 1000;
  EXPECT_NE(error(options).message.find("only 31 steps"), std::string::npos) << error(options).message;
  PruneOptions pattern;
  EXPECT_FALSE(parse_pattern("4:2", &pattern));
  EXPECT_FALSE(parse_pattern("2/4", &pattern));
  EXPECT_FALSE(parse_block("0x4", &pattern));
}

TEST(WeightMatrix, ConvolutionsAndDepthwise) {
  const Graph graph = small_cnn(1);
  const auto trained = [&] {
    std::vector<TensorId> all;
    for (size_t t = 0; t < graph.tensors.size(); ++t)
      if (graph.tensors[t].constant()) all.push_back(static_cast<TensorId>(t));
    return all;
  }();
  const auto some = chosen_weights(graph, trained, {}, "prune");
  ASSERT_TRUE(some) << some.error().to_string();
  std::vector<std::string> names;
  for (const WeightMatrix& m : *some) names.push_back(m.name);
  EXPECT_EQ(names, (std::vector<std::string>{"conv_1/w", "conv_2/w", "conv_3/w", "dense_1/w", "dense_2/w"}));
  EXPECT_EQ(some->front().rows, 16);
  EXPECT_EQ(some->front().columns, 27);
  const auto named = chosen_weights(graph, trained, {.layers = {"depthwise_1"}}, "prune");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->front().rows, 16);
  EXPECT_EQ(named->front().columns, 9);
  EXPECT_EQ(named->front().at(3, 2), 35u);
  EXPECT_EQ(chosen_weights(graph, trained, {.depthwise = true}, "prune")->size(), 6u);
}

}  // namespace
}  // namespace thimble
