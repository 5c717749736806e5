// Quantisation-aware training as a technique among others: accuracy at few bits, resuming, threads, chosen
// layers, pruned and clustered weights.
#include <algorithm>
#include <set>

#include "compress/cluster/cluster.h"
#include "compress/prune/prune.h"
#include "qat_digits.h"
#include "train/training_graph.h"

namespace thimble::test {
namespace {

const Tensor& constant(const Graph& graph, const std::string& name) {
  for (const Tensor& t : graph.tensors)
    if (t.name == name && t.constant()) return t;
  ADD_FAILURE() << "no constant " << name;
  return graph.tensors.front();
}
std::vector<std::string> weight_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& n : graph.nodes)
    if (n.op == Op::fully_connected || n.op == Op::conv2d) names.push_back(graph.at(n.inputs[1]).name);
  return names;
}

TEST(Qat, BeatsPostTrainingQuantisationAtFewBits) {
  const Dataset test = testing_set(1000);
  const Graph& graph = trained_mlp();
  const double before = static_cast<double>(correct(graph, test)) / 1000;
  for (const auto ranges : {QatOptions::Ranges::moving_average, QatOptions::Ranges::learned})
    for (int bits : {4, 2}) {
      QatOptions options;
      options.ranges = ranges;
      options.quantize.bits = bits;
      const auto after = quantize(graph, options.quantize, calibration());
      ASSERT_TRUE(after) << after.error().to_string();
      const auto qat = make_qat(graph, options);
      const auto result = retrain(graph, a_retraining(4, 2048), {qat});
      ASSERT_TRUE(result) << result.error().to_string();
      const auto deployed = qat->deployed(result->weights);
      ASSERT_TRUE(deployed);
      const double ptq = static_cast<double>(correct(after->graph, test)) / 1000,
                   learnt = static_cast<double>(correct(deployed->graph, test)) / 1000;
      RecordProperty(format("bits{}{}", bits, ranges == QatOptions::Ranges::learned ? "learned" : ""),
                     format("float {} ptq {} qat {}", before, ptq, learnt));
      EXPECT_GE(learnt, ptq) << bits << " bits, float " << before;
      EXPECT_GT(learnt, before - (bits == 4 ? 0.02 : 0.05)) << bits << " bits, ptq " << ptq;
    }
}

TEST(Qat, ResumesWithTheSameBits) {
  for (const auto& [graph, ranges] : {std::pair{&trained_cnn(), QatOptions::Ranges::moving_average},
                                      std::pair{&trained_mlp(), QatOptions::Ranges::learned},
                                      std::pair{&trained_lstm(), QatOptions::Ranges::moving_average}}) {
    QatOptions options;
    options.ranges = ranges;
    options.quantize.bits = 4;
    Retraining how = a_retraining(2, 320);
    how.validation = testing_set(64);
    const auto whole = retrain(*graph, how, {make_qat(*graph, options)});
    ASSERT_TRUE(whole) << whole.error().to_string();
    how.checkpoint = testing::TempDir() + "qat.ckpt";
    std::remove(how.checkpoint.c_str());
    std::remove((how.checkpoint + ".previous").c_str());
    int steps = 0;
    how.hooks.stop = [&] { return ++steps == 7; };
    const auto first = retrain(*graph, how, {make_qat(*graph, options)});
    ASSERT_TRUE(first && first->interrupted);
    how.hooks.stop = {};
    how.resume = true;
    const auto rest = retrain(*graph, how, {make_qat(*graph, options)});
    ASSERT_TRUE(rest) << rest.error().to_string();
    EXPECT_EQ(rest->weights, whole->weights);
    EXPECT_EQ(rest->epochs.back().val_loss, whole->epochs.back().val_loss);
    // Another technique's checkpoint is refused.
    options.quantize.bits = 8;
    EXPECT_FALSE(retrain(*graph, how, {make_qat(*graph, options)}));
  }
}

TEST(Qat, SameBitsForOneAndTwoThreads) {
  for (const Graph* graph : {&trained_cnn(), &trained_lstm()}) {
    QatOptions options;
    options.ranges = graph == &trained_cnn() ? QatOptions::Ranges::learned : QatOptions::Ranges::moving_average;
    Retraining how = a_retraining(1, 256);
    const auto one = retrain(*graph, how, {make_qat(*graph, options)});
    how.threads = 2;
    const auto two = retrain(*graph, how, {make_qat(*graph, options)});
    ASSERT_TRUE(one && two);
    EXPECT_EQ(one->weights, two->weights);
  }
}

TEST(Qat, RangesFollowTheValuesAndThenStandStill) {
  std::vector<float> ends;
  class Watch final : public Technique {
   public:
    explicit Watch(std::vector<float>& seen) : seen_(seen) {}
    std::string describe() const override { return "watch"; }
    Status after_step(FitView& fit) override {
      for (TensorId t : fit.graph.statistics)
        if (fit.graph.graph.at(t).name == "dense_1/range")
          seen_.push_back(reinterpret_cast<const float*>(fit.session.tensor(t).data())[1]);
      return {};
    }

   private:
    std::vector<float>& seen_;
  };
  QatOptions options;
  options.freeze = 0.5;
  ASSERT_TRUE(
      retrain(trained_mlp(), a_retraining(1, 640), {make_qat(trained_mlp(), options), std::make_shared<Watch>(ends)}));
  ASSERT_EQ(ends.size(), 20u);
  EXPECT_NE(ends[0], ends[9]);
  for (size_t i = 10; i < 20; ++i) EXPECT_EQ(ends[i], ends[9]);
}

TEST(Qat, ChosenLayersAndBitsPerLayer) {
  const Graph& graph = trained_mlp();
  QatOptions options;
  options.quantize.bits = 2;
  options.quantize.layer_bits = {{"dense_1", 8}, {"dense_3", 4}};
  const auto names = weight_names(graph);
  ASSERT_EQ(names.size(), 3u);
  auto qat = make_qat(graph, options);
  auto result = retrain(graph, a_retraining(1, 320), {qat});
  ASSERT_TRUE(result) << result.error().to_string();
  auto deployed = qat->deployed(result->weights);
  ASSERT_TRUE(deployed);
  EXPECT_EQ(constant(deployed->graph, names[0]).type, DType::i8);
  EXPECT_EQ(constant(deployed->graph, names[2]).type, DType::i4) << "executable as int4";
  std::set<int> values;
  for (int8_t v : constant(deployed->graph, names[1]).data.as<int8_t>()) values.insert(v);
  EXPECT_LE(values.size(), 4u);
  EXPECT_GE(*values.begin(), -2);
  EXPECT_LE(*values.rbegin(), 1);
  // Every tensor that has fewer bits than its type says why.
  for (const TensorSize& s : deployed->sizes) {
    if (s.name == names[1]) {
      EXPECT_NE(s.why.find("2-bit"), std::string::npos) << s.why;
    }
    if (s.name == names[2]) {
      EXPECT_EQ(s.why, "");
      EXPECT_EQ(s.after, s.before / 8);
    }
  }

  options.quantize = {};
  options.quantize.layers = {"dense_2"};
  qat = make_qat(graph, options);
  result = retrain(graph, a_retraining(1, 320), {qat});
  ASSERT_TRUE(result) << result.error().to_string();
  deployed = qat->deployed(result->weights);
  ASSERT_TRUE(deployed);
  EXPECT_EQ(constant(deployed->graph, names[0]).type, DType::f32);
  EXPECT_EQ(constant(deployed->graph, names[1]).type, DType::i8);

  options.quantize.layers = {"dense_9"};
  const auto unknown = Qat::make(graph, options, calibration());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::usage);
  EXPECT_NE(unknown.error().message.find("dense_9"), std::string::npos);
  options.quantize = {};
  options.quantize.bits = 9;
  EXPECT_FALSE(Qat::make(graph, options, calibration()));
  options.quantize.bits = 8;
  EXPECT_FALSE(Qat::make(graph, options, {})) << "no samples";
}

TEST(Qat, PrunedAndClusteredWeightsStayThat) {
  const Graph& graph = trained_mlp();
  const auto names = weight_names(graph);
  QatOptions options;
  options.quantize.per_tensor_weights = true;
  PruneOptions prune;
  prune.schedule.kind = PruneSchedule::Kind::constant;
  prune.schedule.target = 0.6;
  ClusterOptions cluster;
  cluster.clusters = 8;
  cluster.preserve_sparsity = true;
  const auto pruned = retrain(graph, a_retraining(1, 320), {std::make_shared<Pruning>(prune)});
  ASSERT_TRUE(pruned) << pruned.error().to_string();
  prune.keep = true;
  const auto qat = make_qat(pruned->graph, options);
  const auto result = retrain(pruned->graph, a_retraining(1, 320),
                              {std::make_shared<Pruning>(prune), std::make_shared<Clustering>(cluster), qat});
  ASSERT_TRUE(result) << result.error().to_string();
  const auto deployed = qat->deployed(result->weights);
  ASSERT_TRUE(deployed);
  for (const std::string& name : names) {
    const Tensor& w = constant(deployed->graph, name);
    const auto values = w.data.as<int8_t>();
    const std::set<int8_t> distinct(values.begin(), values.end());
    EXPECT_LE(distinct.size(), 8u) << name;
    EXPECT_EQ(w.quant.scale.size(), 1u);
    EXPECT_GE(std::ranges::count(values, 0), static_cast<int64_t>(0.59 * static_cast<double>(values.size()))) << name;
  }
}

}  // namespace
}  // namespace thimble::test
