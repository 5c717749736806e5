// The same samples through `run` (gather) and through every command that opens a set (open_model_data: eval, quantize's
// calibration, prune …, compress) give a model the same input bytes.
#include "app/model_inputs.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/random.h"
#include "data/npy.h"
#include "data/png.h"
#include "study/evaluate.h"
#include "study/model_data.h"

namespace thimble::app {
namespace {

struct Case {
  const char* model;
  bool pictures;
};
const Case kModels[] = {
    {"tests/models/mlperf-tiny/pretrainedResnet.tflite", true},
    {"tests/models/mlperf-tiny/pretrainedResnet_quant.tflite", true},
    {"tests/models/mlperf-tiny/vww_96_float.tflite", true},
    {"tests/models/mlperf-tiny/vww_96_int8.tflite", true},
    {"tests/models/imagenet/mobilenet_v1_0.25_128_quant.tflite", true},
    {"tests/models/micro/trained_lstm.tflite", true},
    {"tests/models/micro/trained_lstm_int8.tflite", true},
    {"tests/models/mlperf-tiny/kws_ref_model.tflite", false},
    {"tests/models/mlperf-tiny/kws_ref_model_float32.tflite", false},
    {"tests/models/mlperf-tiny/ad01_fp32.tflite", false},
    {"tests/models/mlperf-tiny/ad01_int8.tflite", false},
    {"tests/models/micro/hello_world_float.tflite", false},
    {"tests/models/micro/hello_world_int8.tflite", false},
    {"tests/cases/one_sigmoid_output/one_output.tflite", true},
    {"tests/cases/tflite_metadata/half_bright.tflite", true},
    {"tests/cases/scale_given_but_not_kept/stripes.tflite", true},
};
constexpr int64_t kSamples = 6;

class Folder {
 public:
  Folder() : path_(testing::TempDir() + "model_inputs_test") {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::vector<uint8_t> bytes_of(const Graph& graph, const Dataset& set, const Feeding& feeding, int64_t i) {
  const Tensor& input = graph.at(graph.inputs[0]);
  std::vector<float> values(static_cast<size_t>(set.sample_elements()));
  std::vector<uint8_t> memory(static_cast<size_t>(input.bytes()));
  feeding.sample(set, i, values.data());
  fill_input(input, values, memory);
  return memory;
}

// Every part of the set that a command opens, sample by sample, against what `run` feeds for `file`.
void expect_same(const Graph& graph, const std::string& file, const std::string& set, const std::string& scale) {
  const FeedingOverrides overrides{.scale = scale};
  GatheredFeed gathered;
  const Status good = gather({file}, graph, overrides, &gathered);
  ASSERT_TRUE(good) << file << ": " << good.error().to_string();
  ASSERT_EQ(gathered.feed.runs, kSamples);
  const auto size = static_cast<size_t>(graph.at(graph.inputs[0]).bytes());
  using Use = DataRequest::Use;
  for (const Use use : {Use::score, Use::learn, Use::calibrate}) {
    DataRequest request;
    request.set = set;
    request.use = use;
    request.feeding = overrides;
    const auto data = open_model_data(graph, request);
    ASSERT_TRUE(data) << set << ": " << data.error().to_string();
    int64_t seen = 0;
    for (const Dataset* part : {&data->splits.train, &data->splits.validation, &data->splits.test})
      for (int64_t i = 0; part->valid() && i < part->size(); ++i, ++seen) {
        const auto at = static_cast<size_t>(part->position(i)) * size;
        ASSERT_EQ(bytes_of(graph, *part, data->fed.feeding, i),
                  std::vector<uint8_t>(gathered.feed.bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                       gathered.feed.bytes.begin() + static_cast<std::ptrdiff_t>(at + size)))
            << set << ", sample " << part->position(i) << ", use " << static_cast<int>(use) << ", scale " << scale;
      }
    EXPECT_EQ(seen, kSamples);
  }
}

TEST(ModelInputs, EveryCommandFeedsTheSame) {
  const Folder folder;
  for (const Case& c : kModels) {
    SCOPED_TRACE(c.model);
    const auto model = load_model(c.model);
    ASSERT_TRUE(model);
    const Graph& graph = model->graph;
    const Tensor& input = graph.at(graph.inputs[0]);
    const int64_t elements = input.shape.elements();
    std::vector<int64_t> shape(input.shape.dims().begin(), input.shape.dims().end());
    shape[0] = kSamples;
    std::vector<uint8_t> pixels(static_cast<size_t>(elements * kSamples));
    std::vector<float> numbers(pixels.size()), pixel_floats(pixels.size()), unit(pixels.size());
    for (size_t i = 0; i < pixels.size(); ++i) {
      pixels[i] = static_cast<uint8_t>(random_bits(1, 2, i));
      pixel_floats[i] = pixels[i];
      unit[i] = static_cast<float>(pixels[i]) / 255;
      numbers[i] = unit[i] * 9 - 4;
    }
    const std::vector<float> truth(kSamples, 0.5f);
    std::vector<uint8_t> labels;
    for (int64_t i = 0; i < kSamples; ++i) labels.push_back(static_cast<uint8_t>(i % 2));
    const auto raw = [](const auto& v) {
      const auto* p = reinterpret_cast<const uint8_t*>(v.data());
      return std::vector<uint8_t>(p, p + v.size() * sizeof(v[0]));
    };
    const auto arrays = [&](const std::string& name, const std::string& dtype, const std::vector<uint8_t>& x,
                            const std::string& scale) {
      const std::string npy = folder / (name + ".npy"), npz = folder / (name + ".npz");
      ASSERT_TRUE(write_npy(npy, dtype, shape, x));
      const bool classes = elements > 1 && graph.at(graph.outputs[0]).shape.elements() != elements;
      const NpyArray y = classes ? NpyArray{"u1", {kSamples}, labels} : NpyArray{"f4", {kSamples}, raw(truth)};
      ASSERT_TRUE(write_npz(npz, {{"x_train", {dtype, shape, x}}, {"y_train", y}}));
      expect_same(graph, npy, "npz:" + npz, scale);
    };
    for (const char* scale : {"", "0..1", "-1..1", "none"}) {
      arrays("pixels", "u1", pixels, scale);
      if (std::string_view(scale).empty() || std::string_view(scale) == "none") {
        arrays("numbers", "f4", raw(numbers), scale);
        arrays("unit", "f4", raw(unit), scale);
        arrays("pixel_floats", "f4", raw(pixel_floats), scale);
      }
    }
    if (input.type == DType::i8) arrays("own", "i1", pixels, "");
    if (!c.pictures) continue;
    const auto want = picture_shape(input);
    ASSERT_TRUE(want);
    std::filesystem::remove_all(folder / "photos");
    for (int64_t i = 0; i < kSamples; ++i) {
      const std::string in = folder / format("photos/{}", i % 2);
      std::filesystem::create_directories(in);
      Picture picture{40, 30, (*want)[2], {}};
      picture.pixels.resize(static_cast<size_t>(40 * 30 * (*want)[2]));
      for (size_t p = 0; p < picture.pixels.size(); ++p)
        picture.pixels[p] = static_cast<uint8_t>(random_bits(static_cast<uint64_t>(i), 3, p / 90));
      ASSERT_TRUE(write_file_atomic(format("{}/{}.png", in, i), std::span<const uint8_t>(*encode_png(picture))));
    }
    const auto own = own_feeding(graph);
    if (own && *own && !(*own)->labels.empty()) continue;  // its classes are not 0 and 1
    for (const char* scale : {"", "-1..1"})
      expect_same(graph, folder / "photos", "folder:" + (folder / "photos"), scale);
  }
}

}  // namespace
}  // namespace thimble::app
