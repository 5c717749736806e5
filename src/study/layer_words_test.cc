// Every layer word through the whole life of a model: trained for a step, written to .tflite, read again, compared with
// the trained network; and quantised to int8.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/random.h"
#include "study/evaluate.h"
#include "study/variants.h"
#include "train/layers.h"
#include "train/trainer.h"

namespace thimble {
namespace {

// Random pictures whose class is where they are brightest.
Dataset pictures(std::vector<int64_t> shape, int64_t count, uint64_t seed) {
  auto samples = std::make_shared<Samples>();
  samples->name = "random";
  samples->sample_shape = std::move(shape);
  samples->storage = Storage::floats;
  samples->count = count;
  samples->classes = 2;
  samples->label_names = {"first", "second"};
  Random random(seed);
  const int64_t n = samples->sample_elements();
  for (int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<int32_t>(random.below(2));
    samples->labels.push_back(label);
    for (int64_t k = 0; k < n; ++k)
      samples->floats.push_back(static_cast<float>(random.uniform(-1, 1) + ((k < n / 2) == (label == 0) ? 0.5 : 0)));
  }
  return Dataset(samples);
}

struct WordCase {
  std::string word;
  std::vector<int64_t> input;
  std::vector<LayerSpec> layers;  // before flatten and dense
  double int8_difference = 0.15;  // of probabilities
};

LayerSpec with_bias_off(LayerSpec layer) {
  layer.bias = false;
  return layer;
}

std::vector<WordCase> cases() {
  const std::vector<int64_t> picture{8, 8, 4}, sequence{6, 5};
  const LayerSpec same{.word = "conv2d", .size = 4, .padding = Padding::same};
  std::vector<WordCase> all{
      {"conv2d", picture, {{.word = "conv2d", .size = 6, .groups = 2, .activation = "relu"}}},
      {"depthwise_conv2d", picture, {{.word = "depthwise_conv2d", .size = 2, .activation = "relu6"}}},
      {"separable_conv2d", picture, {{.word = "separable_conv2d", .size = 5, .depth_multiplier = 2}}},
      {"dense", {12}, {{.word = "dense", .size = 9, .activation = "tanh"}}},
      {"max_pool", picture, {{.word = "max_pool", .size = 2}}},
      {"average_pool", picture, {{.word = "average_pool", .size = 2, .padding = Padding::same}}},
      {"global_average_pool", picture, {same, {.word = "global_average_pool"}}},
      {"global_max_pool", picture, {same, {.word = "global_max_pool"}}},
      {"flatten", picture, {{.word = "flatten"}, {.word = "dense", .size = 6}}},
      {"reshape", picture, {{.word = "reshape", .shape = {16, 16}}, {.word = "dense", .size = 3}}},
      {"zero_pad", picture, {{.word = "zero_pad", .shape = {1, 0, 2, 3}}, same}},
      {"dropout", picture, {{.word = "dropout", .size = 0.3}, same}},
      {"batch_norm", picture, {with_bias_off(same), {.word = "batch_norm", .momentum = 0.5}, {.word = "relu"}}},
      {"layer_norm", picture, {same, {.word = "layer_norm"}, {.word = "relu"}}, 0.3},
      {"residual", picture, {{.word = "residual", .activation = "relu", .branches = {{same}}}}},
      {"parallel", picture, {{.word = "parallel", .branches = {{same}, {}, {{.word = "relu"}}}}}},
      {"channel_shuffle", picture, {same, {.word = "channel_shuffle", .size = 2}, same}},
      {"lstm", sequence, {{.word = "lstm", .size = 4, .return_sequences = true}}},
      {"gru", sequence, {{.word = "gru", .size = 4, .return_sequences = true}}},
      {"gru", {7, 3, 1}, {{.word = "gru", .size = 3}}},
  };
  LayerSpec shortcut{.word = "residual"};
  LayerSpec down = same, project = same;
  down.stride_h = down.stride_w = project.stride_h = project.stride_w = 2;
  down.size = project.size = 6;
  project.kernel_h = project.kernel_w = 1;
  shortcut.branches = {{down, {.word = "batch_norm", .momentum = 0.5}}, {project}};
  all.push_back({"residual", picture, {shortcut}});
  LayerSpec split{.word = "parallel"};
  split.split = true;
  LayerSpec half = same;
  half.size = 2;
  split.branches = {{}, {half, {.word = "relu"}}};
  all.push_back({"parallel", picture, {split, {.word = "channel_shuffle", .size = 2}}});
  for (const std::string& name : activation_names()) all.push_back({name, picture, {same, {.word = name}}, 0.3});
  return all;
}

std::vector<float> outputs(const Graph& graph, const Dataset& set) {
  const auto e = evaluate_model(graph, set, Feeding());
  EXPECT_TRUE(e) << e.error().to_string();
  return e ? e->outputs : std::vector<float>();
}

double difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double worst = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    EXPECT_TRUE(std::isfinite(a[i]) && std::isfinite(b[i]));
    worst = std::max(worst, std::fabs(static_cast<double>(a[i]) - b[i]));
  }
  return worst;
}

Graph trained_network(const ModelSpec& spec, const Weights& weights) {
  return *with_constants(*build_model(spec, {}), weights);
}

TEST(LayerWords, TrainedExportedAndQuantised) {
  std::set<std::string> seen;
  for (const WordCase& c : cases()) {
    SCOPED_TRACE(c.word);
    seen.insert(c.word);
    ModelSpec spec;
    spec.input = c.input;
    spec.layers = c.layers;
    spec.layers.push_back({.word = "flatten"});
    spec.layers.push_back({.word = "dense", .name = "classes", .size = 2, .activation = "softmax"});
    const Dataset set = pictures(c.input, 48, 1);
    TrainSpec training;
    training.optimizer = *make_optimizer("adam");
    training.optimizer.learning_rate = 0.005;
    training.batch = 16;
    training.epochs = 2;
    const auto trained = train(spec, training, set, {}, Feeding(), {}, {});
    ASSERT_TRUE(trained) << trained.error().to_string();
    const auto graph = deployable_graph(spec, trained->weights, Feeding(), "words");
    ASSERT_TRUE(graph) << graph.error().to_string();
    const std::vector<float> wanted = outputs(trained_network(spec, trained->weights), set);
    StudyData data;
    data.splits.train = set;
    const auto file = make_variant({.name = "float32"}, Staged{.graph = *graph}, data);
    ASSERT_TRUE(file) << file.error().to_string();
    EXPECT_LE(difference(outputs(file->graph, set), wanted), 1e-5);
    VariantSpec int8{.name = "int8", .quantize = QuantizeStage()};
    int8.quantize->options.to = QuantizeTo::int8;
    const auto small = make_variant(int8, Staged{.graph = *graph}, data);
    ASSERT_TRUE(small) << small.error().to_string();
    EXPECT_LE(difference(outputs(small->graph, set), wanted), c.int8_difference);
    EXPECT_TRUE(small->result.unquantized_tensors.empty())
        << small->result.unquantized_tensors[0].name << ": " << small->result.unquantized_tensors[0].why;
  }
  for (const std::string& word : layer_words()) EXPECT_TRUE(seen.contains(word)) << word << " has no case";
}

}  // namespace
}  // namespace thimble
