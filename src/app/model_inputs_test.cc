// The same samples give a model the same input bytes, whatever command they come by: files of `run` and `squeeze`
// (gather); sets as `eval`, `quantize`, `prune` … and `compress` open them (open_model_data) and as a study does that
// goes on with the model (open_study_data). They are looked at where a network has them: at a network that answers with
// its input, run by what gives scores to eval, compress and studies; in the calibration of `quantize`; in the batches
// of training. That nothing goes another way is held by scripts/lint.sh.
#include "app/model_inputs.h"

#include <gtest/gtest.h>

#include <filesystem>

#include <unistd.h>

#include "base/file.h"
#include "base/random.h"
#include "compress/quantize/quantize.h"
#include "data/npy.h"
#include "data/png.h"
#include "formats/tflite/tflite.h"
#include "ops/builder.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/reshape/reshape.h"
#include "study/evaluate.h"
#include "study/model_data.h"
#include "study/session_data.h"
#include "study/variants.h"

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
  Folder() : path_(format("{}model_inputs_test.{}", testing::TempDir(), ::getpid())) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

using Bytes = std::vector<uint8_t>;

// A network with the input of `graph` that answers with it.
Graph echo_of(const Graph& graph) {
  Graph echo;
  Tensor input = graph.at(graph.inputs[0]);
  input.batch_unknown = false;
  const TensorId in = echo.add(input);
  echo.inputs = {in};
  Builder b(echo);
  ReshapeAttrs flat;
  flat.shape = {1, input.shape.elements()};
  const auto out = b.op(Op::reshape, {in}, flat, "echo", &input);
  EXPECT_TRUE(out) << out.error().to_string();
  echo.outputs = {*out};
  return echo;
}

// What `run` feeds.
struct Fed {
  Bytes bytes;
  size_t size = 0;  // of a sample
  Bytes sample(int64_t i) const {
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(i) * size);
    return {at, at + static_cast<std::ptrdiff_t>(size)};
  }
};

Bytes memory_of(std::span<const float> values) {
  const auto* p = reinterpret_cast<const uint8_t*>(values.data());
  return {p, p + values.size_bytes()};
}

// Each way from the samples of a part to a network's input.
void expect_part(const Graph& graph, const Dataset& part, const Feeding& feeding, const Fed& fed) {
  const Tensor& input = graph.at(graph.inputs[0]);
  const auto elements = static_cast<size_t>(part.sample_elements());
  Bytes memory(fed.size);
  SampleFeed feed(input, part, feeding);  // what studies time
  const auto scored = evaluate_model(echo_of(graph), part, feeding);
  ASSERT_TRUE(scored) << scored.error().to_string();
  std::vector<float> values(elements);
  for (int64_t i = 0; i < part.size(); ++i) {
    const Bytes want = fed.sample(part.position(i));
    feed.put(i, memory);
    ASSERT_EQ(memory, want) << part.name() << ", sample " << part.position(i);
    const std::span answers = std::span(scored->outputs).subspan(static_cast<size_t>(i) * elements, elements);
    read_output(input, want, values);
    ASSERT_EQ(memory_of(answers), memory_of(values)) << "scored: " << part.name() << ", sample " << part.position(i);
  }
  if (input.type != DType::f32) return;  // neither calibrated nor trained
  const Dataset drawn = part.shuffled(1);
  const CalibrationSamples samples = calibration_samples(part, feeding, part.size());
  for (int64_t i = 0; i < part.size(); ++i) {
    ASSERT_TRUE(samples(i, values));
    ASSERT_EQ(memory_of(values), fed.sample(drawn.position(i))) << "calibration: " << part.name();
  }
  Batches batches(part, feeding, {.batch = part.size(), .shuffle = false});
  std::vector<float> batch(elements * static_cast<size_t>(part.size()));
  ASSERT_EQ(batches.fill(0, 0, batch.data(), nullptr, nullptr), part.size());
  for (int64_t i = 0; i < part.size(); ++i)
    ASSERT_EQ(memory_of(std::span(batch).subspan(static_cast<size_t>(i) * elements, elements)),
              fed.sample(part.position(i)))
        << "training: " << part.name();
}

void expect_parts(const Graph& graph, const Splits& splits, const Feeding& feeding, const Fed& fed) {
  int64_t seen = 0;
  for (const Dataset* part : {&splits.train, &splits.validation, &splits.test}) {
    if (!part->valid() || part->empty()) continue;
    expect_part(graph, *part, feeding, fed);
    seen += part->size();
  }
  EXPECT_EQ(seen, kSamples);
}

// The file through `run`, the set through all else.
void expect_same(const Graph& graph, const std::string& file, const std::string& set,
                 const FeedingOverrides& overrides) {
  SCOPED_TRACE(format("{} and {}, --scale '{}'", file, set, overrides.scale));
  GatheredFeed gathered;
  const Status good = gather({file}, graph, overrides, &gathered);
  ASSERT_TRUE(good) << good.error().to_string();
  ASSERT_EQ(gathered.feed.runs, kSamples);
  const Fed fed{gathered.feed.bytes, static_cast<size_t>(graph.at(graph.inputs[0]).bytes())};
  using Use = DataRequest::Use;
  for (const Use use : {Use::score, Use::learn, Use::calibrate}) {
    DataRequest request;
    request.set = set;
    request.use = use;
    request.feeding = overrides;
    const auto data = open_model_data(graph, request);
    ASSERT_TRUE(data) << data.error().to_string();
    expect_parts(graph, data->splits, data->fed.feeding, fed);
  }
  Recipe recipe;
  recipe.data.set = set;
  recipe.data.scale = overrides.scale;
  recipe.data.handwriting = overrides.handwriting.value_or(false);
  recipe.data.target_scale = "none";
  recipe.model.graph = std::make_shared<const Graph>(graph);
  const auto dims = graph.at(graph.inputs[0]).shape.dims();
  recipe.model.input.assign(dims.begin() + 1, dims.end());
  if (const auto picture = picture_shape(graph.at(graph.inputs[0])); picture && set.starts_with("folder:"))
    recipe.model.input = *picture;
  const auto study = open_study_data(recipe, "");
  ASSERT_TRUE(study) << study.error().to_string();
  expect_parts(graph, study->splits, study->feeding, fed);
}

template <class T>
Bytes raw(const std::vector<T>& v) {
  const auto* p = reinterpret_cast<const uint8_t*>(v.data());
  return Bytes(p, p + v.size() * sizeof(T));
}

// Arrays of bytes (pixels), of floats in several ranges, and of the input's own type.
void check_arrays(const Folder& folder, const Graph& graph) {
  const Tensor& input = graph.at(graph.inputs[0]);
  const int64_t elements = input.shape.elements();
  std::vector<int64_t> shape(input.shape.dims().begin(), input.shape.dims().end());
  shape[0] = kSamples;
  Bytes pixels(static_cast<size_t>(elements * kSamples));
  std::vector<float> numbers(pixels.size()), pixel_floats(pixels.size()), unit(pixels.size());
  for (size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<uint8_t>(random_bits(1, 2, i));
    pixel_floats[i] = pixels[i];
    unit[i] = static_cast<float>(pixels[i]) / 255;
    numbers[i] = unit[i] * 9 - 4;
  }
  const std::vector<float> truth(kSamples, 0.5f);
  Bytes labels;
  for (int64_t i = 0; i < kSamples; ++i) labels.push_back(static_cast<uint8_t>(i % 2));
  const auto arrays = [&](const std::string& name, const std::string& dtype, const Bytes& x, const std::string& scale) {
    const std::string npy = folder / (name + ".npy"), npz = folder / (name + ".npz");
    ASSERT_TRUE(write_npy(npy, dtype, shape, x));
    const bool classes = elements > 1 && graph.at(graph.outputs[0]).shape.elements() != elements;
    const NpyArray y = classes ? NpyArray{"u1", {kSamples}, labels} : NpyArray{"f4", {kSamples}, raw(truth)};
    ASSERT_TRUE(write_npz(npz, {{"x_train", {dtype, shape, x}}, {"y_train", y}}));
    expect_same(graph, npy, "npz:" + npz, {.scale = scale});
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
}

// Photos of another size, in folders that are the classes 0 and 1.
void check_photos(const Folder& folder, const Graph& graph) {
  const auto want = picture_shape(graph.at(graph.inputs[0]));
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
  for (const char* scale : {"", "-1..1"})
    expect_same(graph, folder / "photos", "folder:" + (folder / "photos"), {.scale = scale});
  if ((*want)[0] == 28) expect_same(graph, folder / "photos", "folder:" + (folder / "photos"), {.handwriting = true});
}

TEST(ModelInputs, EveryCommandFeedsForeignModelsTheSame) {
  const Folder folder;
  for (const Case& c : kModels) {
    SCOPED_TRACE(c.model);
    const auto model = load_model(c.model);
    ASSERT_TRUE(model);
    check_arrays(folder, model->graph);
    const auto own = own_feeding(model->graph);
    const bool named = own && *own && !(*own)->labels.empty();  // its classes are not 0 and 1
    if (c.pictures && !named) check_photos(folder, model->graph);
  }
}

Graph smaller(const Graph& graph, QuantizeTo to, QuantizeOptions::Io io) {
  QuantizeOptions options;
  options.to = to;
  options.io = io;
  options.min_elements = 0;
  const auto made = quantize(graph, options, [](int64_t i, std::span<float> x) {
    for (size_t k = 0; k < x.size(); ++k) x[k] = static_cast<float>((static_cast<int64_t>(k) * 7 + i) % 11) * 0.2f - 1;
    return i < 4;
  });
  EXPECT_TRUE(made) << made.error().to_string();
  return made ? made->graph : Graph();
}

// Models that say themselves how they are fed: as trained, dynamic, and int8 with each type of input, from a file.
std::vector<Graph> forms_of(Graph graph, const Feeding& feeding) {
  graph.metadata[kPreprocessKey] = feeding.to_json();
  using Io = QuantizeOptions::Io;
  std::vector<Graph> forms = {graph, smaller(graph, QuantizeTo::dynamic, Io::float32)};
  for (const Io io : {Io::float32, Io::int8, Io::uint8}) forms.push_back(smaller(graph, QuantizeTo::int8, io));
  for (Graph& form : forms) {
    ModelFeeding says;
    keep_feeding(says, &form);  // TFLite's metadata beside our own
    const auto file = write_tflite(form);
    EXPECT_TRUE(file);
    form = *read_tflite(*file);
  }
  return forms;
}

Feeding said(const std::string& scale, std::vector<float> mean, std::vector<float> deviation) {
  Feeding f;
  f.scale = scale;
  f.mean = std::move(mean);
  f.deviation = std::move(deviation);
  return f;
}

TEST(ModelInputs, EveryCommandFeedsOwnModelsOfPicturesTheSame) {
  const Folder folder;
  const auto model = load_model("tests/models/mlperf-tiny/pretrainedResnet.tflite");
  ASSERT_TRUE(model);
  for (Feeding feeding :
       {said("0..1", {0}, {255}), said("-1..1", {127.5f}, {127.5f}), said("standard", {120, 110, 100}, {60, 61, 62})}) {
    SCOPED_TRACE(feeding.scale);
    for (int i = 0; i < 10; ++i) feeding.labels.push_back(std::to_string(i));
    for (const Graph& graph : forms_of(model->graph, feeding)) check_photos(folder, graph);
    if (feeding.mean.size() == 1) check_arrays(folder, forms_of(model->graph, feeding)[3]);
  }
}

// Columns come by name, texts become one input per value, gaps are filled, and the table has another order.
TEST(ModelInputs, EveryCommandFeedsOwnModelsOfTablesTheSame) {
  const Folder folder;
  Graph graph;
  Builder b(graph);
  const TensorId x = b.input("x", DType::f32, Shape{1, 4});
  const std::vector<float> weights = {0.5f, -1, 2, 0.25f};
  const TensorId w = b.constant_f32("w", Shape{1, 4}, weights), bias = b.constant_f32("b", Shape{1}, std::vector{0.0f});
  const auto y = b.op(Op::fully_connected, {x, w, bias}, FullyConnectedAttrs{}, "y");
  ASSERT_TRUE(y) << y.error().to_string();
  graph.inputs = {x};
  graph.outputs = {*y};
  Feeding feeding = said("standard", {3, 0.5f, 0.5f, 20}, {2, 0.5f, 0.5f, 10});
  feeding.floats = true;
  feeding.table.emplace();
  feeding.table->columns = {{"size", {}, 3.5f}, {"colour", {"blue", "red"}}, {"age", {}, 31}};
  feeding.table->missing = "mean";
  feeding.table->target = "price";
  const std::string csv = folder / "houses.csv";
  ASSERT_TRUE(write_file_atomic(csv, std::string_view("price,age,extra,colour,size\n1,30,9,red,2.5\n2,,9,blue,4\n"
                                                      "3,12,9,red,\n4,44,9,green,5\n5,50,9,blue,1\n6,7,9,red,2\n")));
  for (const Graph& form : forms_of(graph, feeding)) {
    expect_same(form, csv, "csv:" + csv, {});
    expect_same(form, csv, "csv:" + csv, {.scale = "none"});
  }
}

}  // namespace
}  // namespace thimble::app
