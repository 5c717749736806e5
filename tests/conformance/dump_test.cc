// What graphs and programs look like as text, against tests/goldens/dumps: the plan of the portable kernels on one
// thread, so that it is the same on every machine. THIMBLE_UPDATE_DUMPS=1 writes them anew; read the difference.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "harness.h"
#include "passes/pipeline.h"

namespace thimble::test {
namespace {

class Dump : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { force_isa("scalar"); }
  void TearDown() override { force_isa(""); }
};

TEST_P(Dump, IsAsBefore) {
  const std::string path = GetParam();
  auto graph = read_model("tests/" + path);
  ASSERT_TRUE(graph) << graph.error().to_string();
  std::string text = dump(*graph);
  auto prepared = prepare_for_inference(std::move(*graph));
  ASSERT_TRUE(prepared) << prepared.error().to_string();
  const auto program = Program::plan(std::move(*prepared));
  ASSERT_TRUE(program) << program.error().to_string();
  text += "\n" + dump(**program);
  std::string name = path.substr(0, path.find('.'));
  std::ranges::replace(name, '/', '_');
  const std::string golden = "tests/goldens/dumps/" + name + ".txt";
  if (std::getenv("THIMBLE_UPDATE_DUMPS")) std::ofstream(golden) << text;
  std::stringstream want;
  want << std::ifstream(golden).rdbuf();
  EXPECT_TRUE(text == want.str()) << golden << " is another: THIMBLE_UPDATE_DUMPS=1, then git diff";
}

INSTANTIATE_TEST_SUITE_P(
    Models, Dump,
    testing::Values("models/micro/hello_world_float.tflite", "models/micro/hello_world_int8.tflite",
                    "models/micro/micro_speech_quantized.tflite", "models/micro/trained_lstm_int8.tflite",
                    "models/mlperf-tiny/ad01_int8.tflite", "models/mlperf-tiny/kws_ref_model.tflite",
                    "models/mlperf-tiny/pretrainedResnet_quant.tflite", "models/mlperf-tiny/vww_96_int8.tflite",
                    "goldens/written/26_all_at_once.tflite", "models/mlperf-tiny/kws_ref_model_float32.tflite",
                    "goldens/written/05_dynamic.tflite", "goldens/written/07_int4.tflite",
                    "goldens/ops/gather_float32_fed_indices.tflite"),
    [](const testing::TestParamInfo<const char*>& info) { return format("number_{}", info.index); });

}  // namespace
}  // namespace thimble::test
