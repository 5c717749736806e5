// How often inference runs while a model is loaded: once per operator.
#include <filesystem>

#include "formats/model_file.h"
#include "harness.h"
#include "passes/pipeline.h"

namespace thimble::test {
namespace {

TEST(Inference, RunsOncePerOperatorFromTheFileToTheProgram) {
  int models = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/models")) {
    if (entry.path().extension() != ".tflite") continue;
    const Bytes file = *read_file(entry.path().string());
    const int64_t before = inferred_nodes();
    auto model = thimble::read_model(file);
    ASSERT_TRUE(model) << model.error().to_string();
    const auto nodes = static_cast<int64_t>(model->graph.nodes.size());
    auto prepared = prepare_for_inference(std::move(*model));
    ASSERT_TRUE(prepared) << prepared.error().to_string();
    const auto program = Program::plan(std::move(*prepared));
    ASSERT_TRUE(program) << program.error().to_string();
    EXPECT_EQ(inferred_nodes() - before, nodes) << entry.path();
    ++models;
  }
  EXPECT_GT(models, 8);
}

}  // namespace
}  // namespace thimble::test
