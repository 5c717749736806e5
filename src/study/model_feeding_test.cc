// One rule for how a model is fed, whatever the command.
#include "study/model_feeding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "api/load.h"
#include "base/file.h"
#include "formats/tflite/tflite.h"
#include "ops/builder.h"
#include "ops/reshape/reshape.h"
#include "ops/softmax/softmax.h"
#include "study/evaluate.h"
#include "study/model_data.h"
#include "study/variants.h"

namespace thimble {
namespace {

Graph load(const std::string& path) {
  auto model = load_model(path);
  EXPECT_TRUE(model) << path;
  return model ? std::move(model->graph) : Graph();
}

Dataset bytes(std::vector<int64_t> shape, std::vector<uint8_t> values) {
  Samples s;
  s.name = "made";
  s.sample_shape = std::move(shape);
  s.bytes = std::move(values);
  s.count = static_cast<int64_t>(s.bytes.size()) / s.sample_elements();
  return Dataset(std::make_shared<const Samples>(std::move(s)));
}
Dataset floats(std::vector<int64_t> shape, std::vector<float> values) {
  Samples s;
  s.name = "made";
  s.sample_shape = std::move(shape);
  s.storage = Storage::floats;
  s.floats = std::move(values);
  s.count = static_cast<int64_t>(s.floats.size()) / s.sample_elements();
  return Dataset(std::make_shared<const Samples>(std::move(s)));
}

Graph identity(DType type, Quantization quant = {}) {
  Graph g;
  const TensorId t = g.add({.name = "x", .type = type, .shape = Shape{1, 4}, .quant = std::move(quant)});
  g.inputs = g.outputs = {t};
  return g;
}

float first(const ModelFeeding& fed, const Dataset& set) {
  std::vector<float> out(static_cast<size_t>(set.sample_elements()));
  fed.feeding.sample(set, 0, out.data());
  return out[0];
}

TEST(ModelFeeding, ForeignModels) {
  const Dataset pictures = bytes({4}, {51, 0, 255, 1}), table = floats({4}, {6.25f, -1, 0, 300});
  const auto f = feeding_of(identity(DType::f32), pictures, {});
  EXPECT_EQ(first(*f, pictures), 51 / 255.0f);
  EXPECT_NE(f->stated.find("pictures go in as 0..1 (--scale"), std::string::npos);
  EXPECT_EQ(first(*feeding_of(identity(DType::f32), table, {}), table), 6.25f);
  EXPECT_NE(feeding_of(identity(DType::f32), table, {})->stated.find("values go in as they are"), std::string::npos);
  const Graph raw = identity(DType::u8, {{0.5f}, {100}});
  const auto u = feeding_of(raw, pictures, {});
  std::vector<float> values(4);
  u->feeding.sample(pictures, 0, values.data());
  std::vector<uint8_t> memory(4);
  fill_input(raw.at(0), values, memory);
  EXPECT_EQ(memory, (std::vector<uint8_t>{51, 0, 255, 1})) << "raw bytes";
  EXPECT_EQ(first(*feeding_of(identity(DType::i8, {{1 / 255.0f}, {-128}}), pictures, {}), pictures), 51 / 255.0f);
}

TEST(ModelFeeding, OverridesAndWhatIsKept) {
  const Dataset pictures = bytes({4}, {255, 0, 255, 1});
  Graph g = identity(DType::f32);
  const auto given = feeding_of(g, pictures, {.scale = "-1..1"});
  EXPECT_EQ(first(*given, pictures), 1.0f);
  EXPECT_TRUE(given->to_keep);
  keep_feeding(*given, &g);
  const auto kept = feeding_of(g, pictures, {});
  EXPECT_EQ(kept->feeding.scale, "-1..1");
  EXPECT_TRUE(kept->stated.empty());
  EXPECT_FALSE(kept->to_keep) << "the file says it already";
  EXPECT_TRUE(feeding_of(g, pictures, {.scale = "-1..1"})->stated.empty()) << "the same as its own";
  EXPECT_NE(feeding_of(g, pictures, {.scale = "none"})->stated.find("as --scale says"), std::string::npos);
  EXPECT_EQ(feeding_of(g, pictures, {.scale = "0-1"}).error().code, ErrorCode::usage);
  EXPECT_TRUE(feeding_of(g, pictures, {.handwriting = true})->feeding.handwriting);
}

TEST(ModelFeeding, StandardMeansTheModelsOwnNumbers) {
  Graph g = identity(DType::f32);
  g.metadata[kPreprocessKey] = R"({"scale":"standard","mean":[1,2,3,4],"deviation":[2,2,2,2],"layout":"NHWC"})";
  const Dataset table = floats({4}, {5, 2, 3, 4});
  EXPECT_EQ(first(*feeding_of(g, table, {}), table), 2.0f);
  EXPECT_EQ(first(*feeding_of(g, table, {.scale = "standard"}), table), 2.0f);
  EXPECT_EQ(feeding_of(identity(DType::f32), table, {.scale = "standard", .measure = false}).error().code,
            ErrorCode::usage);
  const auto other = feeding_of(g, floats({3}, {1, 2, 3}), {});
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("scales 4 values"), std::string::npos);
}

// A model of pictures stored as bytes is given floats: pixels are scaled, values that are scaled already are not.
TEST(ModelFeeding, FloatsForAModelOfBytes) {
  Graph g = identity(DType::f32);
  g.metadata[kPreprocessKey] = R"({"scale":"0..1","mean":0,"deviation":255,"layout":"NHWC"})";
  const Dataset pixels = floats({4}, {51, 0, 255, 9}), scaled = floats({4}, {0.2f, 0, 1, 0.5f});
  EXPECT_EQ(first(*feeding_of(g, pixels, {}), pixels), 51 / 255.0f);
  const auto as_is = feeding_of(g, scaled, {});
  EXPECT_EQ(first(*as_is, scaled), 0.2f);
  EXPECT_NE(as_is->stated.find("they go in as they are"), std::string::npos);
  g.metadata[kPreprocessKey] = R"({"scale":"0..1","mean":0,"deviation":255,"layout":"NHWC","stored":"floats"})";
  EXPECT_EQ(first(*feeding_of(g, scaled, {}), scaled), 0.2f / 255) << "trained on such floats";
}

TEST(ModelFeeding, TflitesOwnMetadata) {
  const Graph g = load("tests/cases/tflite_metadata/half_bright.tflite");
  const auto own = own_feeding(g);
  ASSERT_TRUE(own && *own) << own.error().to_string();
  EXPECT_EQ((*own)->scale, "-1..1");
  EXPECT_EQ((*own)->labels, (std::vector<std::string>{"apple", "pear", "plum"}));
  const auto file = write_tflite(g);
  const auto again = own_feeding(*read_tflite(*file));
  EXPECT_EQ((*again)->labels, (*own)->labels) << "the attached file is written again";
}

TEST(ModelFeeding, EveryTypeOfInputTakesNumbers) {
  const std::vector<float> values = {3, 0, -2, NAN};
  const auto bytes_for = [&](DType type, Quantization quant, size_t size) {
    std::vector<uint8_t> memory(size * 4);
    fill_input(Tensor{.name = "x", .type = type, .shape = Shape{1, 4}, .quant = std::move(quant)},
               std::span(values).first(3), memory);
    memory.resize(size * 3);
    return memory;
  };
  const auto same = [](const std::vector<uint8_t>& memory, const auto& want) {
    return memory.size() == want.size() * sizeof(want[0]) &&
           std::memcmp(memory.data(), want.data(), memory.size()) == 0;
  };
  EXPECT_TRUE(same(bytes_for(DType::f32, {}, 4), std::vector<float>{3, 0, -2}));
  EXPECT_TRUE(same(bytes_for(DType::i64, {}, 8), std::vector<int64_t>{3, 0, -2}));
  EXPECT_TRUE(same(bytes_for(DType::i32, {}, 4), std::vector<int32_t>{3, 0, -2}));
  EXPECT_TRUE(same(bytes_for(DType::boolean, {}, 1), std::vector<uint8_t>{1, 0, 1}));
  EXPECT_TRUE(same(bytes_for(DType::i8, {{0.5f}, {-10}}, 1), std::vector<int8_t>{-4, -10, -14}));
  std::vector<uint8_t> memory(4);
  fill_input(identity(DType::i8, {{0.5f}, {7}}).at(0), values, memory);
  EXPECT_EQ(static_cast<int8_t>(memory[3]), 7) << "what is not a number is 0";
}

TEST(ModelFeeding, FreeSizesAreRefused) {
  Graph g = identity(DType::f32);
  g.at(0).shape = Shape{1, 1, 1, 3};
  g.at(0).free_dims = 0b110;
  const auto shape = picture_shape(g.at(0));
  ASSERT_FALSE(shape);
  EXPECT_EQ(shape.error().code, ErrorCode::unsupported);
  EXPECT_NE(shape.error().message.find("[1, -1, -1, 3]"), std::string::npos);
}

// The same sample of a set as `eval` (evaluate_model), `quantize` (calibration_samples) and training get it.
TEST(ModelFeeding, OnePathFromSampleToInput) {
  for (const char* path :
       {"tests/models/mlperf-tiny/pretrainedResnet.tflite", "tests/models/micro/trained_lstm.tflite",
        "tests/models/micro/hello_world_float.tflite", "tests/models/mlperf-tiny/ad01_fp32.tflite"}) {
    const Graph g = load(path);
    const Tensor& input = g.at(g.inputs[0]);
    const auto elements = static_cast<size_t>(input.shape.elements());
    std::vector<uint8_t> stored(elements * 3);
    std::vector<float> numbers(elements * 3);
    for (size_t i = 0; i < stored.size(); ++i) {
      stored[i] = static_cast<uint8_t>(i * 37);
      numbers[i] = static_cast<float>(i % 101) * 0.25f - 7;
    }
    for (const Dataset& set : {bytes({input.shape.elements()}, stored), floats({input.shape.elements()}, numbers)})
      for (const char* scale : {"", "0..1", "-1..1", "none"}) {
        const auto fed = feeding_of(g, set, {.scale = scale});
        ASSERT_TRUE(fed) << path << scale;
        const CalibrationSamples calibration = calibration_samples(set, fed->feeding, 3);
        const Dataset drawn = set.shuffled(1);
        std::vector<float> a(elements), b(elements);
        for (int64_t i = 0; i < 3; ++i) {
          ASSERT_TRUE(calibration(i, a));
          fed->feeding.sample(drawn, i, b.data());
          EXPECT_EQ(a, b) << path << " " << scale;
        }
      }
  }
}

// A cast to integers cuts probabilities off: what comes out is not one.
TEST(OutputKind, IsAskedBehindWhatKeepsTheValues) {
  const auto kind = [](bool cast) {
    Graph g;
    Builder b(g);
    const auto y = b.op(Op::softmax, {b.input("x", DType::f32, {1, 3})}, SoftmaxAttrs{}, "y");
    EXPECT_TRUE(y);
    Tensor whole{.name = "z", .type = DType::i32, .shape = {1, 3}};
    const auto z = cast ? b.op(Op::cast, {*y}, {}, "z", &whole) : b.op(Op::reshape, {*y}, ReshapeAttrs{{3}}, "z");
    EXPECT_TRUE(z) << z.error().to_string();
    g.outputs = {*z};
    return output_kind(g, true);
  };
  EXPECT_EQ(kind(false), OutputKind::probabilities);
  EXPECT_EQ(kind(true), OutputKind::scores);
}

}  // namespace
}  // namespace thimble
