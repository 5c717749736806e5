// Float models of tests/models through every form of post-training quantisation: one result on every
// path and through a file, close to the float model, and as small as promised.
#include "compress/quantize/quantize.h"
#include "base/random.h"
#include "compress/size_report.h"
#include "harness.h"
#include "passes/pipeline.h"

namespace thimble::test {
namespace {

Bytes random_input(size_t elements, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(elements);
  for (float& v : values) v = static_cast<float>(random.uniform(0, 1));
  Bytes bytes(elements * 4);
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

bool sample(int64_t i, std::span<float> input) {
  const Bytes bytes = random_input(input.size(), static_cast<uint64_t>(100 + i));
  std::memcpy(input.data(), bytes.data(), bytes.size());
  return i < 12;
}

class QuantizeModel : public testing::TestWithParam<std::string> {};

TEST_P(QuantizeModel, EveryFormRunsAndIsSmaller) {
  const auto graph = read_model("tests/models/" + GetParam());
  ASSERT_TRUE(graph) << graph.error().to_string();
  const auto before = size_report(*graph);
  ASSERT_TRUE(before) << before.error().to_string();
  const std::vector<Bytes> input{random_input(static_cast<size_t>(graph->at(graph->inputs[0]).shape.elements()), 7)};
  const auto want = run_graph(*graph, input, kModes[1]);
  ASSERT_TRUE(want) << want.error().to_string();
  const auto floats = [](const Bytes& b) {
    return std::vector<float>(reinterpret_cast<const float*>(b.data()),
                              reinterpret_cast<const float*>(b.data() + b.size()));
  };
  double range = 0;
  for (float v : floats((*want)[0])) range = std::max(range, std::fabs(static_cast<double>(v)));

  const struct {
    QuantizeTo to;
    double weights, tolerance;
  } forms[] = {{QuantizeTo::float16, 0.55, 0.005}, {QuantizeTo::dynamic, 0.35, 0.2}, {QuantizeTo::int8, 0.35, 0.25}};
  for (const auto& form : forms) {
    const auto q = quantize(*graph, {.to = form.to}, sample);
    ASSERT_TRUE(q) << q.error().to_string();
    const auto after = size_report(q->graph, q->sizes);
    ASSERT_TRUE(after);
    EXPECT_LT(static_cast<double>(after->weight_bytes), form.weights * static_cast<double>(before->weight_bytes))
        << name(form.to);
    EXPECT_EQ(q->left.empty(), form.to == QuantizeTo::int8);
    const auto file = write_tflite(q->graph);
    ASSERT_TRUE(file);
    const auto again = read_tflite(*file);
    ASSERT_TRUE(again) << again.error().to_string();
    const auto ready = prepare_for_inference(*again);
    ASSERT_TRUE(ready) << ready.error().to_string();
    const auto reference = run_graph(q->graph, input, kModes[0]);
    ASSERT_TRUE(reference);
    for (const RunMode& mode : {kModes[1], kModes[2]}) {
      const auto got = run_graph(ready->graph, input, mode);
      ASSERT_TRUE(got) << got.error().to_string();
      if (form.to == QuantizeTo::int8) {
        EXPECT_EQ(difference_bytes((*got)[0], (*reference)[0]), "") << mode.name;
      } else {
        EXPECT_EQ(difference_floats((*got)[0], (*reference)[0], form.to == QuantizeTo::dynamic ? 5e-3 : 1e-5), "")
            << mode.name;
      }
    }
    const auto a = floats((*reference)[0]), b = floats((*want)[0]);
    double worst = 0;
    for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::fabs(static_cast<double>(a[i]) - b[i]));
    EXPECT_LE(worst, form.tolerance * range) << name(form.to);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, QuantizeModel,
                         testing::Values("mlperf-tiny/ad01_fp32.tflite", "mlperf-tiny/pretrainedResnet.tflite",
                                         "mlperf-tiny/vww_96_float.tflite"),
                         [](const auto& model) {
                           std::string name = model.param;
                           for (char& c : name)
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           return name;
                         });

}  // namespace
}  // namespace thimble::test
