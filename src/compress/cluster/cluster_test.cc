#include "compress/cluster/cluster.h"

#include <algorithm>
#include <map>

#include "compress/prune/prune.h"
#include "compress/size_report.h"
#include "compress/test_training.h"

namespace thimble {
namespace {

using namespace test;

constexpr const char* kKernels[] = {"dense_1/kernel", "dense_2/kernel", "dense_3/kernel"};

Techniques with(const ClusterOptions& options) { return {std::make_shared<Clustering>(options)}; }

std::vector<float> normal_values(size_t n) {
  Random random(5);
  std::vector<float> values(n);
  for (float& v : values) v = static_cast<float>(random.normal());
  return values;
}

double squared_error(std::span<const float> values, const Clusters& c) {
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double d = static_cast<double>(values[i]) - c.centres[c.index[i]];
    sum += d * d;
  }
  return sum;
}

TEST(FindClusters, LinearIsEvenlySpaced) {
  const std::vector<float> values{-1, -0.9f, -0.4f, 0.1f, 0.4f, 1, 2};
  const Clusters c = find_clusters(values, 4, ClusterInit::linear, false, 1, 0);
  EXPECT_EQ(c.centres, (std::vector<float>{-1, 0, 1, 2}));
  EXPECT_EQ(c.index, (std::vector<uint16_t>{0, 0, 1, 1, 1, 2, 3}));
}

TEST(FindClusters, DensityHasEqualShares) {
  const std::vector<float> values = normal_values(1000);
  const Clusters c = find_clusters(values, 4, ClusterInit::density, false, 1, 0);
  ASSERT_EQ(c.centres.size(), 4u);
  std::vector<float> sorted = values;
  std::ranges::sort(sorted);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(c.centres[i], sorted[125 + 250 * i]);
}

TEST(FindClusters, KMeansFindsSeparateGroupsAndBeatsTheOthers) {
  std::vector<float> groups;
  for (int i = 0; i < 30; ++i) groups.push_back(static_cast<float>(i % 3) * 10 + 0.01f * static_cast<float>(i / 3));
  const Clusters three = find_clusters(groups, 3, ClusterInit::kmeans, false, 1, 0);
  ASSERT_EQ(three.centres.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(three.centres[i], 10.0 * static_cast<double>(i) + 0.045, 1e-5);

  const std::vector<float> values = normal_values(2000);
  const double best = squared_error(values, find_clusters(values, 8, ClusterInit::kmeans, false, 1, 0));
  for (const ClusterInit init : {ClusterInit::linear, ClusterInit::random, ClusterInit::density})
    EXPECT_LT(best, squared_error(values, find_clusters(values, 8, init, false, 1, 0))) << name(init);
  // Lloyd's condition: every value lies with its nearest centre.
  const Clusters c = find_clusters(values, 8, ClusterInit::kmeans, false, 1, 0);
  for (size_t i = 0; i < values.size(); ++i)
    for (const float other : c.centres)
      EXPECT_LE(std::fabs(values[i] - c.centres[c.index[i]]), std::fabs(values[i] - other) + 1e-6f);
}

TEST(FindClusters, ZeroIsItsOwnClusterAndSeedsDecide) {
  std::vector<float> values = normal_values(500);
  for (size_t i = 0; i < 500; i += 3) values[i] = 0;
  for (const ClusterInit init : {ClusterInit::linear, ClusterInit::random, ClusterInit::density, ClusterInit::kmeans}) {
    const Clusters c = find_clusters(values, 5, init, true, 1, 0);
    EXPECT_LE(c.centres.size(), 5u);
    EXPECT_TRUE(std::ranges::is_sorted(c.centres));
    for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i] == 0, c.centres[c.index[i]] == 0) << name(init);
  }
  const auto centres = [&](uint64_t seed, uint64_t stream) {
    return find_clusters(values, 6, ClusterInit::random, false, seed, stream).centres;
  };
  EXPECT_EQ(centres(1, 0), centres(1, 0));
  EXPECT_NE(centres(1, 0), centres(2, 0));
  EXPECT_NE(centres(1, 0), centres(1, 1));
}

TEST(FindClusters, FewValuesStayAsTheyAre) {
  const std::vector<float> values{3, 1, 3, -2, 1};
  const Clusters c = find_clusters(values, 16, ClusterInit::kmeans, false, 1, 0);
  EXPECT_EQ(c.centres, (std::vector<float>{-2, 1, 3}));
  EXPECT_EQ(squared_error(values, c), 0);
  const std::vector<float> nothing(4, 0.0f);
  EXPECT_EQ(find_clusters(nothing, 4, ClusterInit::linear, true, 1, 0).centres, (std::vector<float>{0}));
}

TEST(Clustering, AtMostKValuesAfterEveryStep) {
  for (const ClusterInit init : {ClusterInit::linear, ClusterInit::random, ClusterInit::density, ClusterInit::kmeans}) {
    ClusterOptions options{.clusters = 8, .init = init};
    const auto watch = std::make_shared<Witness>([&](const FitView& fit) {
      for (const char* name : kKernels) {
        EXPECT_LE(distinct(parameter(fit, name).values), 8) << name << ", " << thimble::name(init);
        EXPECT_LE(distinct(parameter(fit, name).average), 8);
      }
    });
    Retraining how = ring_retraining(1);
    how.spec.average = 0.9;
    const auto after = retrain(trained_rings(), how, {std::make_shared<Clustering>(options), watch});
    ASSERT_TRUE(after) << after.error().to_string();
    EXPECT_LE(distinct(after->graph, "dense_2/kernel"), 8);
    EXPECT_GT(distinct(after->graph, "dense_2/kernel"), 4);
    EXPECT_EQ(distinct(after->graph, "dense_2/bias"), 32) << "biases are not clustered";
  }
}

TEST(Clustering, PerChannelAndNotes) {
  ClusterOptions options{.clusters = 4, .per_channel = true};
  const auto technique = std::make_shared<Clustering>(options);
  const auto after = retrain(trained_rings(), ring_retraining(1), {technique});
  ASSERT_TRUE(after) << after.error().to_string();
  const auto w = tensor(after->graph, "dense_2/kernel").data.as<float>();
  for (size_t r = 0; r < 32; ++r) EXPECT_LE(distinct(w.subspan(r * 32, 32)), 4);
  EXPECT_GT(distinct(w), 32);
  ASSERT_EQ(technique->notes().size(), 1u);
  EXPECT_NE(technique->notes()[0].find("dense_1/kernel: 2 weights per channel"), std::string::npos);
}

TEST(Clustering, AValueMovesByTheMeanOfItsMembersUpdates) {
  // One step of plain gradient descent on clustered weights, by hand: the same step without clustering, averaged.
  const auto clustered = retrain(trained_rings(), ring_retraining(1), with({.clusters = 6}));
  ASSERT_TRUE(clustered);
  Retraining how = ring_retraining(1, 0.05);
  how.train = rings(32, 4);
  how.spec.optimizer = *make_optimizer("sgd");
  how.spec.optimizer.learning_rate = 0.05;
  const auto free = retrain(clustered->graph, how), held = retrain(clustered->graph, how, with({.clusters = 6}));
  ASSERT_TRUE(free && held);
  for (const char* name : kKernels) {
    const auto start = tensor(clustered->graph, name).data.as<float>(),
               moved = tensor(free->graph, name).data.as<float>(), result = tensor(held->graph, name).data.as<float>();
    std::map<float, std::pair<double, int>> mean;
    for (size_t i = 0; i < start.size(); ++i) mean[start[i]].first += moved[i], ++mean[start[i]].second;
    for (size_t i = 0; i < start.size(); ++i)
      EXPECT_FLOAT_EQ(result[i], static_cast<float>(mean[start[i]].first / mean[start[i]].second));
  }
}

TEST(Clustering, PreservesSparsityAndIsPreserved) {
  PruneOptions prune;
  prune.schedule.target = 0.6;
  prune.schedule.frequency = 5;
  const auto pruned = retrain(trained_rings(), ring_retraining(2), {std::make_shared<Pruning>(prune)});
  ASSERT_TRUE(pruned);
  const auto both = retrain(pruned->graph, ring_retraining(2), with({.clusters = 8, .preserve_sparsity = true}));
  ASSERT_TRUE(both) << both.error().to_string();
  for (const char* name : kKernels) {
    EXPECT_EQ(zeros(both->graph, name), zeros(pruned->graph, name));
    EXPECT_LE(distinct(both->graph, name), 8);
  }
  EXPECT_GE(both->epochs.back().val_accuracy, 0.95);
  // What follows keeps both.
  ClusterOptions keep{.keep = true};
  PruneOptions zeros_stay;
  zeros_stay.keep = true;
  const auto after = retrain(both->graph, ring_retraining(1),
                             {std::make_shared<Pruning>(zeros_stay), std::make_shared<Clustering>(keep)});
  ASSERT_TRUE(after) << after.error().to_string();
  EXPECT_FALSE(same_weights(after->graph, both->graph));
  EXPECT_EQ(zeros(after->graph, "dense_2/kernel"), zeros(both->graph, "dense_2/kernel"));
  EXPECT_LE(distinct(after->graph, "dense_2/kernel"), 8);
  // A model without clusters is left free.
  const auto free = retrain(trained_rings(), ring_retraining(1), with(keep)),
             plain = retrain(trained_rings(), ring_retraining(1));
  ASSERT_TRUE(free && plain);
  EXPECT_TRUE(same_weights(free->graph, plain->graph));
}

TEST(Clustering, ReassigningKeepsTheNumberAndMovesMembers) {
  Retraining how = ring_retraining(3, 0.01);
  const auto fixed = retrain(trained_rings(), how, with({.clusters = 6})),
             moving = retrain(trained_rings(), how, with({.clusters = 6, .reassign = 10}));
  ASSERT_TRUE(fixed && moving);
  EXPECT_LE(distinct(moving->graph, "dense_2/kernel"), 6);
  const auto groups = [](const Graph& g) {  // pairs of neighbours that are equal
    const auto w = tensor(g, "dense_2/kernel").data.as<float>();
    std::vector<bool> equal;
    for (size_t i = 1; i < w.size(); ++i) equal.push_back(w[i] == w[i - 1]);
    return equal;
  };
  EXPECT_NE(groups(fixed->graph), groups(moving->graph));
}

TEST(Clustering, ResumesAndThreadsToTheSameBits) {
  for (const int64_t reassign : {0, 8}) {
    ClusterOptions options{.clusters = 8, .preserve_sparsity = true, .reassign = reassign};
    Retraining how = ring_retraining(2);
    how.spec.average = 0.95;
    expect_resumes("cluster", how, [&] { return with(options); }, {1, 20, 31, 47});
    const auto one = retrain(trained_rings(), how, with(options));
    how.threads = 2;
    const auto two = retrain(trained_rings(), how, with(options));
    ASSERT_TRUE(one && two);
    EXPECT_TRUE(same_weights(one->graph, two->graph));
  }
}

TEST(Clustering, IntegerWeightsKeepTheClusters) {
  const auto clustered = retrain(trained_rings(), ring_retraining(1), with({.clusters = 8}));
  ASSERT_TRUE(clustered);
  const Dataset set = rings(100, 1);
  for (const QuantizeTo to : {QuantizeTo::int8, QuantizeTo::dynamic}) {
    const auto q = quantize(clustered->graph, {.to = to, .min_elements = 0}, [&](int64_t i, std::span<float> input) {
      if (i >= set.size()) return false;
      std::copy_n(set.floats(i), input.size(), input.begin());
      return true;
    });
    ASSERT_TRUE(q) << q.error().to_string();
    const Tensor& w = tensor(q->graph, "dense_2/kernel");
    EXPECT_EQ(w.type, DType::i8);
    EXPECT_EQ(w.quant.scale.size(), 1u);
    EXPECT_LE(count_values(w).distinct, 8);
    EXPECT_TRUE(verify(q->graph));
    const auto plain = quantize(trained_rings(), {.to = QuantizeTo::dynamic, .min_elements = 0});
    ASSERT_TRUE(plain);
    EXPECT_EQ(tensor(plain->graph, "dense_2/kernel").quant.scale.size(), 32u) << "others get a scale per channel";
  }
}

TEST(Clustering, RefusesOneCluster) {
  const auto r = retrain(trained_rings(), ring_retraining(1), with({.clusters = 1}));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, ErrorCode::usage);
  EXPECT_NE(r.error().message.find("1 cluster:"), std::string::npos);
}

}  // namespace
}  // namespace thimble
