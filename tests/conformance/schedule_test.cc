// What the schedule promises, on whole models: arenas as small as lifetimes allow, and the same answers where nodes
// write over their inputs.
#include "passes/schedule.h"

#include "harness.h"
#include "passes/pipeline.h"

namespace thimble::test {
namespace {

struct Bound {
  const char* model;
  int64_t bytes;
};

class LowerBound : public testing::TestWithParam<Bound> {};

TEST_P(LowerBound, IsReachedForADevice) {
  auto graph = read_model(format("tests/models/mlperf-tiny/{}", GetParam().model));
  ASSERT_TRUE(graph) << graph.error().to_string();
  const auto prepared = prepare_for_inference(std::move(*graph));
  ASSERT_TRUE(prepared) << prepared.error().to_string();
  const Schedule s = schedule(*prepared, {.keep_inputs = false});
  EXPECT_EQ(s.lower_bound, GetParam().bytes);
  for (const int64_t alignment : {1, 4, 16}) {
    const auto layout = lay_out(prepared->graph, s.storages, {}, {.alignment = alignment, .attempts = 2000});
    ASSERT_TRUE(layout) << layout.error().to_string();
    EXPECT_EQ(layout->arena.bytes, GetParam().bytes) << layout->arena.to_string();
  }
}

INSTANTIATE_TEST_SUITE_P(MlperfTiny, LowerBound,
                         testing::Values(Bound{"kws_ref_model.tflite", 16000}, Bound{"vww_96_int8.tflite", 55296},
                                         Bound{"pretrainedResnet_quant.tflite", 49152}, Bound{"ad01_int8.tflite", 768}),
                         [](const testing::TestParamInfo<Bound>& info) {
                           const std::string model = info.param.model;
                           return model.substr(0, model.find('.'));
                         });

}  // namespace
}  // namespace thimble::test
