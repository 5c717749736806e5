// Models of ours say in TFLite's metadata what they say in Thimble's, and foreign ones keep theirs.
#include "study/model_note.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "api/load.h"
#include "base/file.h"
#include "formats/tflite/attached.h"
#include "formats/tflite/model_metadata.h"
#include "formats/tflite/tflite.h"
#include "formats/thim/thim.h"
#include "study/model_feeding.h"

namespace thimble {
namespace {

Graph load(const std::string& path) {
  auto model = load_model(path);
  EXPECT_TRUE(model) << path;
  return model ? std::move(model->graph) : Graph();
}

std::vector<std::string> classes(int64_t n) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < n; ++i) names.push_back(format("class {}", i));
  return names;
}

Feeding feeding_with(std::vector<float> mean, std::vector<float> deviation, std::vector<std::string> labels = {}) {
  Feeding f;
  f.scale = "standard";
  f.mean = std::move(mean);
  f.deviation = std::move(deviation);
  f.labels = std::move(labels);
  return f;
}

// The graph as its file gives it again.
Graph written(Graph graph, const Feeding& feeding) {
  graph.metadata[kPreprocessKey] = feeding.to_json();
  describe_for_others(&graph);
  const auto file = write_tflite(graph);
  EXPECT_TRUE(file);
  auto again = read_tflite(*file);
  EXPECT_TRUE(again);
  return again ? std::move(*again) : Graph();
}

std::string text_in(const Graph& graph) { return graph.metadata.at(kTfliteMetadataKey); }
bool says(const Graph& graph, const std::string& words) { return text_in(graph).find(words) != std::string::npos; }

// What a reader that does not know Thimble's own entry understands.
Feeding without_our_words(Graph graph) {
  graph.metadata.erase(kPreprocessKey);
  const auto own = own_feeding(graph);
  EXPECT_TRUE(own && *own);
  return own && *own ? **own : Feeding();
}

TEST(ModelNote, PicturesOfClasses) {
  const Graph resnet = load("tests/models/mlperf-tiny/pretrainedResnet.tflite");
  struct Case {
    const char* scale;
    std::vector<float> mean, deviation;
  };
  for (const Case& c : {Case{"0..1", {0}, {255}}, Case{"-1..1", {127.5f}, {127.5f}}, Case{"standard", {72.9f}, {90.1f}},
                        Case{"standard", {123.7f, 116.3f, 103.5f}, {58.4f, 57.1f, 57.4f}}}) {
    Feeding feeding = feeding_with(c.mean, c.deviation, classes(10));
    feeding.scale = c.scale;
    const Graph graph = written(resnet, feeding);
    EXPECT_EQ(graph.metadata.at(kPreprocessKey), feeding.to_json());
    EXPECT_EQ((*own_feeding(graph))->to_json(), feeding.to_json());
    const Feeding read = without_our_words(graph);
    EXPECT_EQ(read.mean, feeding.mean);
    EXPECT_EQ(read.deviation, feeding.deviation);
    EXPECT_EQ(read.scale, feeding.scale);
    EXPECT_EQ(read.labels, feeding.labels);
    EXPECT_TRUE(says(graph, "RGB picture of 32 x 32 pixels"));
    EXPECT_TRUE(says(graph, "The probability of each class."));
  }
}

TEST(ModelNote, QuantisedInputsShareTheNumbersOfTheFloatModel) {
  const Graph graph =
      written(load("tests/models/micro/trained_lstm_int8.tflite"), feeding_with({0}, {255}, classes(10)));
  const Feeding read = without_our_words(graph);
  EXPECT_EQ(read.mean, std::vector<float>{0});
  EXPECT_EQ(read.deviation, std::vector<float>{255});
  EXPECT_TRUE(says(graph, "Grayscale picture of 28 x 28 pixels"));
}

TEST(ModelNote, Numbers) {
  Feeding feeding = feeding_with({1, 2}, {3, 4});
  feeding.floats = true;
  feeding.table.emplace();
  feeding.table->columns = {{"x", {}}, {"y", {}}};
  feeding.table->target = "z";
  Graph g;
  const TensorId t = g.add({.name = "x", .type = DType::f32, .shape = Shape{1, 2}});
  g.inputs = g.outputs = {t};
  const Graph graph = written(g, feeding);
  EXPECT_EQ((*own_feeding(graph))->to_json(), feeding.to_json());
  EXPECT_EQ(without_our_words(graph).mean, feeding.mean);
  EXPECT_TRUE(says(graph, "Columns of a table: x, y."));
  EXPECT_TRUE(says(graph, "Numbers, in their own units."));
  EXPECT_FALSE(graph.attached);
  Feeding per_value = feeding_with({1, 2, 3, 4}, {1, 1, 1, 1});  // one for each of 2 x 2 values: not by channel
  per_value.floats = true;
  Graph rows;
  const TensorId r = rows.add({.name = "x", .type = DType::f32, .shape = Shape{1, 2, 2}});
  rows.inputs = rows.outputs = {r};
  const auto said = read_tflite_metadata(text_in(written(rows, per_value)));
  ASSERT_TRUE(said);
  EXPECT_TRUE(said->mean.empty());
}

TEST(ModelNote, LabelsThatALineEachCannotSayAreNotAttached) {
  const Graph resnet = load("tests/models/mlperf-tiny/pretrainedResnet.tflite");
  auto labels = classes(10);
  labels[3] = "two\nlines";
  EXPECT_FALSE(written(resnet, feeding_with({0}, {255}, labels)).attached);
  EXPECT_FALSE(written(resnet, feeding_with({0}, {255}, classes(9))).attached);
  const Graph one =
      written(load("tests/cases/one_sigmoid_output/one_output.tflite"), feeding_with({0}, {255}, {"dark", "light"}));
  EXPECT_FALSE(one.attached);
  EXPECT_TRUE(says(one, "The probability of \"light\"; otherwise it is \"dark\"."));
}

TEST(ModelNote, OursIsWrittenAnewAndAForeignOneStays) {
  const Feeding feeding = feeding_with({0}, {255}, classes(10));
  Graph graph = written(load("tests/models/mlperf-tiny/pretrainedResnet.tflite"), feeding);
  EXPECT_TRUE(has_derived_metadata(graph));
  const std::string first = text_in(graph);
  describe_for_others(&graph);
  EXPECT_EQ(text_in(graph), first);
  Feeding renamed = feeding;
  renamed.labels[0] = "ship";
  graph.metadata[kPreprocessKey] = renamed.to_json();
  describe_for_others(&graph);
  EXPECT_EQ(without_our_words(graph).labels, renamed.labels);
  graph.metadata.erase(kPreprocessKey);
  describe_for_others(&graph);
  EXPECT_FALSE(graph.metadata.contains(kTfliteMetadataKey)) << "nothing to derive it from";

  const Graph foreign = load("tests/cases/tflite_metadata/half_bright.tflite");
  const Graph kept = written(foreign, feeding_with({0}, {255}, {"a", "b", "c"}));
  EXPECT_FALSE(has_derived_metadata(kept));
  EXPECT_EQ(text_in(kept), text_in(foreign));
  const auto was = attached_list({foreign.attached.bytes, foreign.attached.size}),
             is = attached_list({kept.attached.bytes, kept.attached.size});
  ASSERT_EQ(is.size(), 1u);
  EXPECT_TRUE(std::ranges::equal(is[0].bytes, was[0].bytes));
}

TEST(ModelNote, PackedFilesDoNotGrowByIt) {
  const Feeding feeding = feeding_with({0}, {255}, classes(10));
  const Graph noted = written(load("tests/models/mlperf-tiny/pretrainedResnet.tflite"), feeding);
  Graph plain = noted;
  drop_derived_metadata(plain);
  EXPECT_FALSE(plain.attached || plain.metadata.contains(kTfliteMetadataKey));
  for (const bool names : {false, true}) {
    const auto a = write_thim(plain, {.names = names}), b = write_thim(noted, {.names = names});
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a->bytes, b->bytes);
  }
  // And back: the same file as before packing.
  auto unpacked = read_thim(write_thim(noted, {.names = true})->bytes);
  ASSERT_TRUE(unpacked);
  describe_for_others(&*unpacked);
  EXPECT_EQ(text_in(*unpacked), text_in(noted));
  EXPECT_EQ(std::vector<uint8_t>(unpacked->attached.bytes, unpacked->attached.bytes + unpacked->attached.size),
            std::vector<uint8_t>(noted.attached.bytes, noted.attached.bytes + noted.attached.size));
}

}  // namespace
}  // namespace thimble
