#include "compress/retrain.h"

#include "compress/test_training.h"
#include "formats/tflite/tflite.h"

namespace thimble {
namespace {

using namespace test;

TEST(Retrain, KeepsEverythingButTheWeights) {
  Graph before = trained_rings();
  before.metadata["thimble.preprocess"] = "{}";
  before.name = "rings";
  const auto after = retrain(before, ring_retraining(2));
  ASSERT_TRUE(after) << after.error().to_string();
  ASSERT_EQ(after->graph.tensors.size(), before.tensors.size());
  for (size_t t = 0; t < before.tensors.size(); ++t) {
    EXPECT_EQ(after->graph.tensors[t].name, before.tensors[t].name);
    EXPECT_EQ(after->graph.tensors[t].shape, before.tensors[t].shape);
    EXPECT_EQ(after->graph.tensors[t].batch_unknown, before.tensors[t].batch_unknown);
    EXPECT_FALSE(after->graph.tensors[t].variable);
  }
  EXPECT_EQ(after->graph.metadata, before.metadata);
  EXPECT_EQ(after->graph.input_names, before.input_names);
  EXPECT_EQ(after->graph.name, before.name);
  EXPECT_FALSE(same_weights(after->graph, before));
  EXPECT_EQ(after->epochs.size(), 2u);
  EXPECT_GT(after->epochs.back().val_accuracy, 0.9);
}

TEST(Retrain, StartsFromTheGivenWeights) {
  Retraining how = ring_retraining(1, 1e-9);  // hardly moves
  const auto after = retrain(trained_rings(), how);
  ASSERT_TRUE(after) << after.error().to_string();
  const auto a = tensor(after->graph, "dense_2/kernel").data.as<float>(),
             b = tensor(trained_rings(), "dense_2/kernel").data.as<float>();
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-6);
}

TEST(Retrain, TakesAFileAndTensorsWithoutNames) {
  const auto file = write_tflite(trained_rings());
  ASSERT_TRUE(file);
  auto graph = read_tflite(*file);
  ASSERT_TRUE(graph) << graph.error().to_string();
  for (Tensor& t : graph->tensors)
    if (t.constant()) t.name.clear();
  const auto after = retrain(*graph, ring_retraining(1));
  ASSERT_TRUE(after) << after.error().to_string();
  for (size_t t = 0; t < graph->tensors.size(); ++t) EXPECT_EQ(after->graph.tensors[t].name, graph->tensors[t].name);
  EXPECT_TRUE(write_tflite(after->graph));
}

TEST(Retrain, ResumesOnlyTheSameTraining) {
  expect_resumes("retrain", ring_retraining(2), [] { return Techniques(); }, {5, 31});
  Retraining how = ring_retraining(1);
  how.checkpoint = testing::TempDir() + "retrain_other.ckpt";
  ASSERT_TRUE(retrain(trained_rings(), how));
  how.resume = true;
  EXPECT_TRUE(retrain(trained_rings(), how));
  Graph other = trained_rings();
  for (Tensor& t : other.tensors)
    if (t.name == "dense_2/kernel") {
      std::vector<float> values(t.data.as<float>().begin(), t.data.as<float>().end());
      values[3] += 1;
      t.data = Data::of(std::span<const float>(values));
    }
  const auto refused = retrain(other, how);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::usage);
}

TEST(Retrain, FineTuningIsShortSlowAndTakesTheLastEpoch) {
  TrainSpec base = ring_training(50, 0.02);
  base.keep_best = base.early_stopping.on = base.plateau.on = true;
  const TrainSpec spec = fine_tuning(base, 3, 0.002);
  EXPECT_EQ(spec.epochs, 3);
  EXPECT_DOUBLE_EQ(spec.optimizer.learning_rate, 0.002);
  EXPECT_EQ(spec.schedule.kind, ScheduleSpec::Kind::cosine);
  EXPECT_FALSE(spec.keep_best || spec.early_stopping.on || spec.plateau.on);
  EXPECT_GT(usual_rate("prune"), usual_rate("distill"));
}

TEST(Retrain, RefusesWhatCannotBeTrained) {
  Retraining how = ring_retraining(1);
  EXPECT_EQ(retrain(Graph(), how).error().code, ErrorCode::unsupported);
  auto wide = std::make_shared<Samples>(rings(50, 1).samples());
  wide->sample_shape = {1};
  wide->count = 100;
  wide->labels.resize(100);
  how.train = Dataset(wide);
  EXPECT_EQ(retrain(trained_rings(), how).error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace thimble
