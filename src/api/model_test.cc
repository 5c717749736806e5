// The public interface on a model with known answers, and on what must be refused.
#include <cmath>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "thimble/thimble.h"

namespace thimble::api {
namespace {

const std::string kFloat = "tests/models/micro/hello_world_float.tflite";
const std::string kInt8 = "tests/models/micro/hello_world_int8.tflite";

std::vector<uint8_t> bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The model was trained on sin(x).
TEST(Model, RunsHelloWorld) {
  auto model = Model::load(kFloat);
  ASSERT_TRUE(model) << model.error().details;
  ASSERT_EQ(model->input_count(), 1u);
  ASSERT_EQ(model->output_count(), 1u);
  EXPECT_EQ(model->input(0).info->shape, (std::vector<int64_t>{1, 1}));
  EXPECT_STREQ(name(model->input(0).info->type), "float32");
  for (float x : {0.5f, 1.5f, 3.0f, 5.0f}) {
    model->input(0).as<float>()[0] = x;
    model->run();
    EXPECT_NEAR(model->output(0).as<const float>()[0], std::sin(x), 0.1) << x;
  }
  EXPECT_GT(model->arena_bytes(), 0);
}

TEST(Model, Int8CarriesItsScales) {
  auto model = Model::load(bytes_of(kInt8));
  ASSERT_TRUE(model) << model.error().details;
  const TensorInfo& in = *model->input(0).info;
  const TensorInfo& out = *model->output(0).info;
  ASSERT_EQ(in.scale.size(), 1u);
  ASSERT_EQ(out.zero_point.size(), 1u);
  model->input(0).as<int8_t>()[0] = static_cast<int8_t>(std::lround(1.5f / in.scale[0]) + in.zero_point[0]);
  model->run();
  const float y = out.scale[0] * static_cast<float>(model->output(0).as<const int8_t>()[0] - out.zero_point[0]);
  EXPECT_NEAR(y, std::sin(1.5f), 0.1);
}

TEST(Model, PortsHaveTheNamesOfTheSignature) {
  auto model = Model::load("tests/cases/second_signature/two_signatures.tflite");
  ASSERT_TRUE(model) << model.error().details;
  EXPECT_EQ(model->input(0).info->signature_name, "c");
  EXPECT_EQ(model->output(0).info->signature_name, "x");
  EXPECT_EQ(model->output(0).info->name, "PartitionedCall:0");
}

// A model that was moved, and one loaded after a refused one, give the same.
TEST(Model, SurvivesMovesAndRefusals) {
  const std::vector<uint8_t> file = bytes_of(kFloat);
  for (size_t keep : {size_t{0}, size_t{7}, size_t{100}, file.size() / 2}) {
    auto refused = Model::load(std::span(file).first(keep));
    ASSERT_FALSE(refused) << keep;
    EXPECT_EQ(refused.error().code, "bad_file");
    EXPECT_FALSE(refused.error().message.empty());
  }
  auto loaded = Model::load(file);
  ASSERT_TRUE(loaded);
  Model model = std::move(*loaded);
  model.input(0).as<float>()[0] = 1.0f;
  model.run();
  EXPECT_NEAR(model.output(0).as<const float>()[0], std::sin(1.0f), 0.1);
}

TEST(Model, ErrorsNameFileAndReason) {
  auto missing = Model::load("tests/models/micro/hello_world_floot.tflite");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, "bad_file");
  EXPECT_NE(missing.error().details.find("hello_world_float.tflite"), std::string::npos) << missing.error().details;
  ModelOptions tight;
  tight.max_arena_bytes = 16;
  auto refused = Model::load(kFloat, tight);
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().message.empty());
}

// Values decide the shape of the output: it is known after the run.
TEST(Model, ShapesByValues) {
  auto model = Model::load("tests/goldens/values/reshape_fed.tflite");
  ASSERT_TRUE(model) << model.error().details;
  ASSERT_EQ(model->input_count(), 2u);
  ASSERT_EQ(model->input(0).bytes.size(), 96u);
  for (int i = 0; i < 24; ++i) model->input(0).as<float>()[static_cast<size_t>(i)] = static_cast<float>(i);
  for (const int32_t rows : {4, 8, 4}) {
    model->input(1).as<int32_t>()[0] = rows;
    model->input(1).as<int32_t>()[1] = -1;
    const auto error = model->run();
    ASSERT_FALSE(error) << error->details;
    EXPECT_EQ(model->output(0).info->shape, (std::vector<int64_t>{rows, 24 / rows}));
    ASSERT_EQ(model->output(0).bytes.size(), 96u);
    EXPECT_EQ(model->output(0).as<const float>()[23], 23);
    EXPECT_GT(model->arena_bytes(), 0);
  }
  model->input(1).as<int32_t>()[0] = 5;
  const auto error = model->run();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "bad_file");
}

TEST(Model, FreeSizesAreGiven) {
  auto model = Model::load("tests/goldens/reader/free_sizes.tflite");
  ASSERT_TRUE(model) << model.error().details;
  const int64_t wanted[] = {1, 7, 4}, wrong[] = {1, 7, 5}, negative[] = {1, -7, 4};
  ASSERT_FALSE(model->resize_input(0, wanted));
  ASSERT_EQ(model->input(0).bytes.size(), 7u * 4 * 4);
  model->input(0).as<float>()[27] = 3;
  const auto error = model->run();
  ASSERT_FALSE(error) << error->details;
  EXPECT_EQ(model->output(0).info->shape, (std::vector<int64_t>{1, 28}));
  EXPECT_EQ(model->output(0).as<const float>()[27], 3);
  EXPECT_EQ(model->resize_input(0, wrong)->code, "usage");
  EXPECT_TRUE(model->resize_input(0, negative));
  EXPECT_FALSE(model->run());
  EXPECT_EQ(model->output(0).as<const float>()[27], 3);
}

TEST(Model, StatesOutliveRuns) {
  auto model = Model::load("tests/goldens/values/accumulator.tflite");
  ASSERT_TRUE(model) << model.error().details;
  const auto before = [&] {
    model->input(0).as<float>()[0] = 10;
    EXPECT_FALSE(model->run());
    return model->output(0).as<const float>()[0];
  };
  EXPECT_EQ(before(), 1);
  EXPECT_EQ(before(), 11);
  EXPECT_EQ(before(), 21);
  model->reset_variables();
  EXPECT_EQ(before(), 1);
}

TEST(Model, SignaturesByName) {
  auto model = Model::load("tests/goldens/values/signatures.tflite", {.signature = "decode"});
  ASSERT_TRUE(model) << model.error().details;
  EXPECT_EQ(model->input(0).info->signature_name, "code");
  const auto wrong = Model::load("tests/goldens/values/signatures.tflite", {.signature = "decoder"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, "usage");
  EXPECT_NE(wrong.error().details.find("did you mean 'decode'"), std::string::npos) << wrong.error().details;
}

}  // namespace
}  // namespace thimble::api
