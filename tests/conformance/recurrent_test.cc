// Recurrent layers as TensorFlow's converter writes them, as loops (tests/goldens/recurrent, whose answers are
// TensorFlow Lite's): what raise_loops makes of them computes the same, is quantised, trained and written.
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "compress/quantize/quantize.h"
#include "harness.h"
#include "passes/raise_loops.h"
#include "train/import.h"

namespace thimble::test {
namespace {

using nlohmann::json;

const std::string kFolder = "tests/goldens/recurrent/";

Bytes array_of(const Bytes& data, const json& place) {
  const auto dims = place["shape"].get<std::vector<int64_t>>();
  const auto at = data.begin() + place["offset"].get<int64_t>();
  return {at, at + byte_size(DType::f32, *Shape::make(std::span<const int64_t>(dims)))};
}

int64_t count(const Graph& graph, const std::string& op) {
  return std::ranges::count_if(graph.nodes, [&](const Node& n) { return name(n.op) == op; });
}

// The bytes as floats.
std::vector<float> floats(const Bytes& bytes) {
  std::vector<float> v(bytes.size() / 4);
  std::memcpy(v.data(), bytes.data(), bytes.size());
  return v;
}

class Recurrent : public testing::TestWithParam<json> {
 protected:
  void SetUp() override {
    data_ = *read_file(kFolder + "data.bin");
    x_ = array_of(data_, GetParam()["inputs"][0]);
    want_ = array_of(data_, GetParam()["outputs"][0]);
    auto graph = read_model(kFolder + GetParam()["file"].get<std::string>());
    ASSERT_TRUE(graph) << graph.error().to_string();
    file_ = std::move(*graph);
    auto raised = raise_loops(*check(file_));
    ASSERT_TRUE(raised) << raised.error().to_string();
    raised_ = std::move(raised->graph);
  }

  Bytes data_, x_, want_;
  Graph file_, raised_;
};

TEST_P(Recurrent, RaisedLayersComputeTheSame) {
  for (const Graph* graph : {&file_, &raised_})
    for (const RunMode& mode : kModes) {
      const auto got = run_graph(*graph, {x_}, mode);
      ASSERT_TRUE(got) << got.error().to_string();
      EXPECT_EQ(difference_floats((*got)[0], want_, 1e-5), "") << mode.name << (graph == &raised_ ? ", raised" : "");
    }
  EXPECT_LE(raised_.nodes.size(), file_.nodes.size());
  EXPECT_EQ(raised_.at(raised_.outputs[0]).name, file_.at(file_.outputs[0]).name);
  EXPECT_EQ(raised_.at(raised_.outputs[0]).shape, file_.at(file_.outputs[0]).shape);
}

TEST_P(Recurrent, LayersHaveTheirOperators) {
  const json operators = GetParam().value("operators", json::object());
  const auto expected = [&](const char* op) { return operators.value(op, 0); };
  EXPECT_EQ(count(raised_, "unidirectional_sequence_lstm"), expected("unidirectional_sequence_lstm"));
  EXPECT_EQ(count(raised_, "gather"), 0);
  const int64_t products = count(raised_, "fully_connected");
  EXPECT_TRUE(operators.empty() ? products >= 5 : products == expected("fully_connected")) << products;
}

// Networks that differ from these in one operand, which mostly makes them no layer: never another answer.
TEST_P(Recurrent, WhatIsAlmostALayerComputesTheSame) {
  constexpr uint64_t kMutants = 60;
  uint64_t drawn = 0;
  int sound = 0;
  const auto draw = [&](size_t n) { return static_cast<size_t>(random_bits(11, 0, drawn++) % n); };
  for (uint64_t m = 0; m < kMutants; ++m) {
    Graph mutant = file_;
    const size_t n = draw(mutant.nodes.size());
    TensorId& operand = mutant.nodes[n].inputs[draw(mutant.nodes[n].inputs.size())];
    if (operand == kNoTensor || mutant.at(operand).type != DType::f32) continue;
    std::vector<TensorId> others;  // constants, and what is computed before
    for (size_t t = 0; t < mutant.tensors.size(); ++t)
      if (mutant.tensors[t].type == DType::f32 && mutant.tensors[t].shape == mutant.at(operand).shape)
        others.push_back(static_cast<TensorId>(t));
    operand = others[draw(others.size())];
    const auto checked = check(mutant);
    if (!checked) continue;
    ++sound;
    const auto raised = raise_loops(*checked);
    ASSERT_TRUE(raised) << raised.error().to_string();
    const auto want = run_graph(mutant, {x_}, kModes[0]), got = run_graph(raised->graph, {x_}, kModes[0]);
    ASSERT_TRUE(want && got);
    EXPECT_EQ(difference_floats((*got)[0], (*want)[0], 1e-5), "") << "mutant " << m;
  }
  EXPECT_GT(sound, 5);
}

// In int8 as in float32, but for what 8 bits cost; the file that is written says the same.
TEST_P(Recurrent, IsQuantised) {
  const std::vector<float> x = floats(x_);
  const CalibrationSamples samples = [&](int64_t i, std::span<float> input) {
    for (size_t k = 0; k < input.size(); ++k)
      input[k] =
          i == 0 ? x[k] : static_cast<float>(random_bits(3, static_cast<uint64_t>(i), k) >> 11) * 0x1p-52f * 2 - 2;
    return i < 8;
  };
  QuantizeOptions options;
  options.to = QuantizeTo::int8;
  const auto quantized = quantize(raised_, options, samples);
  ASSERT_TRUE(quantized) << quantized.error().to_string();
  const auto file = write_tflite(quantized->graph);
  ASSERT_TRUE(file) << file.error().to_string();
  const auto read = read_tflite(*file);
  ASSERT_TRUE(read) << read.error().to_string();
  for (const Graph* graph : {&quantized->graph, &*read})
    for (const RunMode& mode : kModes) {
      const auto got = run_graph(*graph, {x_}, mode);
      ASSERT_TRUE(got) << got.error().to_string();
      EXPECT_EQ(difference_floats((*got)[0], want_, 0.1), "") << mode.name;
    }
}

// In batches of its own, where the file leaves that open.
TEST_P(Recurrent, IsTrained) {
  if (raised_.at(raised_.inputs[0]).shape[0] != 1) return;
  ModelSpec spec;
  spec.graph = std::make_shared<const Graph>(raised_);
  const auto model = import_model(spec, {.batch = 4});
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_GE(model->parameters.size(), 2u);
  EXPECT_EQ(model->graph.at(model->output).shape[0], 4);
}

INSTANTIATE_TEST_SUITE_P(
    Goldens, Recurrent,
    testing::ValuesIn(json::parse(std::ifstream(kFolder + "index.json"))["cases"].get<std::vector<json>>()),
    [](const auto& info) {
      const std::string file = info.param["file"];
      return file.substr(0, file.find('.'));
    });

}  // namespace
}  // namespace thimble::test
