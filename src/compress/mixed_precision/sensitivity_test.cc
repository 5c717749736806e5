// Sensitivity of layers, and bits per layer chosen from it.
#include "compress/mixed_precision/sensitivity.h"

#include "compress/mixed_precision/mixed_precision.h"
#include "compress/test_scores.h"
#include "formats/thim/thim.h"

namespace thimble {
namespace {

using namespace test;

int64_t packed(const Graph& graph) { return static_cast<int64_t>(write_thim(graph)->bytes.size()); }

TEST(Sensitivity, EachRowIsTheModelWithOneLayerChanged) {
  const Graph& graph = trained_rings();
  const ScoreModel score = ring_score();
  const auto table = layer_sensitivity(graph, ring_samples(), score, {});
  ASSERT_TRUE(table) << table.error().to_string();
  ASSERT_EQ(table->rows.size(), 9u);  // three layers, three widths
  EXPECT_GT(table->float_score.accuracy, 0.9);
  const auto plain = quantize(graph, {}, ring_samples());
  ASSERT_TRUE(plain);
  EXPECT_EQ(table->base_bytes, packed(plain->graph));
  EXPECT_EQ(table->base.loss, score(plain->graph)->loss);
  for (const LayerSensitivity& row : table->rows) {
    QuantizeOptions options;
    options.layer_bits[row.layer] = row.bits;
    const auto q = quantize(graph, options, ring_samples());
    ASSERT_TRUE(q) << q.error().to_string();
    const auto s = score(q->graph);
    EXPECT_EQ(row.bytes, packed(q->graph)) << row.layer << " " << row.bits;
    EXPECT_EQ(row.score.loss, s->loss);
    EXPECT_EQ(row.score.accuracy, s->accuracy);
    EXPECT_EQ(table->bytes_saved(row), table->base_bytes - row.bytes);
    EXPECT_EQ(row.bits == 8, row.bytes == table->base_bytes);
  }
  // The middle layer, 1,024 of 1,184 weights: most bytes to save. Fewer bits, more error.
  EXPECT_EQ(table->rows[3].weights, 1024);
  EXPECT_GT(table->bytes_saved(table->rows[4]), 300);
  EXPECT_GT(table->rows[5].score.loss, table->rows[4].score.loss);
}

TEST(Sensitivity, WithoutAnswersTheOutputErrorCounts) {
  const Graph graph = small_cnn(5);
  SensitivityOptions options;
  options.widths = {2, 4};
  int64_t calls = 0, expected = 0;
  options.progress = [&](int64_t done, int64_t total) {
    EXPECT_EQ(done, ++calls);
    expected = total;
  };
  const auto samples = random_samples(10);
  const auto table = layer_sensitivity(graph, samples, output_error_score(graph, samples), options);
  ASSERT_TRUE(table) << table.error().to_string();
  ASSERT_EQ(table->rows.size(), 12u);  // three convolutions, one depthwise, two dense
  EXPECT_EQ(calls, expected);
  EXPECT_EQ(calls, 14);
  EXPECT_EQ(table->float_score.loss, 0);
  EXPECT_GT(table->base.loss, 0);
  EXPECT_TRUE(std::isnan(table->base.accuracy));
  for (size_t i = 0; i < table->rows.size(); i += 2) {
    EXPECT_EQ(table->rows[i].bits, 4);
    EXPECT_EQ(table->rows[i + 1].bits, 2);
    EXPECT_LE(table->rows[i + 1].bytes, table->rows[i].bytes) << table->rows[i].layer;
  }
  options.progress = {};
  const auto again = layer_sensitivity(graph, samples, output_error_score(graph, samples), options);
  for (size_t i = 0; i < table->rows.size(); ++i) EXPECT_EQ(again->rows[i].score.loss, table->rows[i].score.loss);
}

TEST(Sensitivity, Errors) {
  const Graph& graph = trained_rings();
  const auto error = [&](const SensitivityOptions& options) {
    const auto r = layer_sensitivity(graph, ring_samples(), ring_score(10), options);
    return r ? Error{ErrorCode::internal, "no error", {}, {}} : r.error();
  };
  SensitivityOptions options;
  options.widths = {};
  EXPECT_EQ(error(options).code, ErrorCode::usage);
  options.widths = {9};
  EXPECT_NE(error(options).message.find("9 bits"), std::string::npos);
  options.widths = {4};
  options.cancelled = [] { return true; };
  EXPECT_EQ(error(options).code, ErrorCode::interrupted);
  options.cancelled = {};
  options.quantize.layers = {"dense_9"};
  EXPECT_NE(error(options).message.find("dense_9"), std::string::npos);
}

TEST(MixedPrecision, MeetsALimitOfAccuracyOnATrainedModel) {
  const Graph& graph = trained_rings();
  const ScoreModel score = ring_score();
  int64_t last = INT64_MAX;
  for (const double points : {0.2, 1.0, 5.0}) {
    const auto m = choose_widths(graph, ring_samples(), score, {MixedGoal::Kind::accuracy_drop, points / 100}, {});
    ASSERT_TRUE(m) << m.error().to_string();
    EXPECT_TRUE(m->met);
    EXPECT_EQ(m->layer_bits.size(), 3u);
    // What is claimed is what the model is.
    EXPECT_EQ(m->bytes, packed(m->result.graph));
    EXPECT_EQ(score(m->result.graph)->accuracy, m->score.accuracy);
    EXPECT_GE(m->score.accuracy, m->table.float_score.accuracy - points / 100 - 1e-9);
    EXPECT_LE(m->bytes, last);
    last = m->bytes;
    QuantizeOptions same;
    same.layer_bits = m->layer_bits;
    const auto q = quantize(graph, same, ring_samples());
    EXPECT_TRUE(same_weights(q->graph, m->result.graph));
  }
  EXPECT_LT(last, packed(quantize(graph, {}, ring_samples())->graph));
}

TEST(MixedPrecision, MeetsALimitOfBytesAndGivesBackWhatItDoesNotNeed) {
  const Graph& graph = trained_rings();
  const ScoreModel score = ring_score(200);
  const auto wide = quantize(graph, {}, ring_samples()), narrow = quantize(graph, {.bits = 2}, ring_samples());
  const int64_t most = packed(wide->graph), least = packed(narrow->graph);
  for (const int64_t goal : {most, (most + least) / 2, least}) {
    const auto m = choose_widths(graph, ring_samples(), score, {MixedGoal::Kind::bytes, static_cast<double>(goal)}, {});
    ASSERT_TRUE(m) << m.error().to_string();
    EXPECT_TRUE(m->met);
    EXPECT_LE(m->bytes, goal);
    EXPECT_EQ(m->bytes, packed(m->result.graph));
    if (goal == most) {
      EXPECT_TRUE(m->steps.empty());
    }
  }
  const auto small = choose_widths(graph, ring_samples(), score, {MixedGoal::Kind::bytes, 50}, {});
  ASSERT_TRUE(small) << small.error().to_string();
  EXPECT_FALSE(small->met);
  EXPECT_EQ(small->bytes, least);
}

TEST(MixedPrecision, ALimitThatEightBitsBreakIsNotMet) {
  const Graph graph = small_cnn(7);
  const auto samples = random_samples(5);
  const MixedGoal goal{MixedGoal::Kind::loss_rise, 1e-12};
  const auto m = choose_widths(graph, samples, output_error_score(graph, samples), goal, {});
  ASSERT_TRUE(m) << m.error().to_string();
  EXPECT_FALSE(m->met);
  for (const auto& [layer, bits] : m->layer_bits) EXPECT_EQ(bits, 8) << layer;
  const auto none = choose_widths(graph, samples, output_error_score(graph, samples), {}, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::usage);
}

TEST(MixedPrecision, GoalsInWords) {
  const auto drop = parse_mixed_goal("accuracy-drop 0.5"), loss = parse_mixed_goal("loss-rise 2");
  const auto bytes = parse_mixed_goal("bytes 12000"), kb = parse_mixed_goal("bytes 12.5 KB");
  ASSERT_TRUE(drop && loss && bytes && kb);
  EXPECT_DOUBLE_EQ(drop->limit, 0.005);
  EXPECT_EQ(drop->to_string(), "accuracy-drop 0.5");
  EXPECT_EQ(loss->kind, MixedGoal::Kind::loss_rise);
  EXPECT_DOUBLE_EQ(loss->limit, 0.02);
  EXPECT_EQ(bytes->limit, 12000);
  EXPECT_EQ(kb->limit, 12500);
  for (const char* wrong : {"", "0.5", "accuracy-drop", "accuracy-drop x", "accuracy-drop 101", "accuracy-drop -1",
                            "bytes 0", "bytes 5 MB", "loss-rise nan", "accuracy-drop 1 KB"})
    EXPECT_FALSE(parse_mixed_goal(wrong)) << wrong;
  EXPECT_NE(parse_mixed_goal("acuracy-drop 1").error().hint.find("accuracy-drop'"), std::string::npos);
}

}  // namespace
}  // namespace thimble
