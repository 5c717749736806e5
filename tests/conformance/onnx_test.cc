// .onnx files against the answers of onnxruntime and of the package onnx (tests/goldens/onnx, made by
// scripts/goldens/onnx_goldens.py): as read, without the transpositions that reading puts in, and written and read
// again; what is refused, with its reason; and any damage of three models.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "formats/model_file.h"
#include "formats/onnx/onnx.h"
#include "formats/tflite/tflite.h"
#include "harness.h"
#include "ops/builder.h"
#include "ops/concatenation/concatenation.h"
#include "ops/conv2d/conv2d.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/rearrange/rearrange.h"
#include "passes/pipeline.h"
#include "passes/sink_transposes.h"
#include "passes/tidy_import.h"

namespace thimble::test {
namespace {

using nlohmann::json;

const std::string kFolder = "tests/goldens/onnx/";

struct Array {
  std::string dtype;
  Shape shape;
  Bytes bytes;
};

std::vector<Array> arrays_of(const json& list, const Bytes& blob) {
  std::vector<Array> arrays;
  for (const json& entry : list) {
    const auto dims = entry["shape"].get<std::vector<int64_t>>();
    Array a{entry["dtype"].get<std::string>(), *Shape::make(std::span<const int64_t>(dims)), {}};
    const auto size = static_cast<ptrdiff_t>(a.shape.elements() * (a.dtype[1] - '0'));
    const auto at = blob.begin() + entry["offset"].get<ptrdiff_t>();
    a.bytes.assign(at, at + size);
    arrays.push_back(std::move(a));
  }
  return arrays;
}

// The model for these inputs: where a value decides shapes, integers are known, or all inputs.
Result<Checked> read_for(const Bytes& file, const std::vector<Array>& inputs, std::vector<Bytes>* fed) {
  Result<Checked> model = fail(ErrorCode::internal, "");
  for (const int level : {0, 1, 2}) {
    std::vector<KnownInput> known;
    fed->clear();
    for (const Array& a : inputs) {
      known.push_back({.shape = a.shape, .value = {}});
      if (level == 2 || (level == 1 && a.dtype[0] != 'f'))
        known.back().value = Data::copy(a.bytes);
      else
        fed->push_back(a.bytes);
    }
    model = read_checked_onnx(file, nullptr, known, {.folder = kFolder});
    if (model || model.error().code != ErrorCode::needs_value) return model;
  }
  return model;
}

// |difference| ≤ tolerance · max(1, max|want|) for floats; integers are equal.
std::string difference(const Tensor& tensor, const Bytes& got, const Array& want, double tolerance) {
  if (!(tensor.shape == want.shape)) return format("{}, expected {}", tensor.to_string(), want.shape.to_string());
  if (tensor.type == DType::f32) return difference_floats(got, want.bytes, tolerance);
  if (tensor.type != DType::f64) return difference_bytes(got, want.bytes);
  const auto *a = reinterpret_cast<const double*>(got.data()), *b = reinterpret_cast<const double*>(want.bytes.data());
  for (int64_t i = 0; i < want.shape.elements(); ++i)
    if (!(std::fabs(a[i] - b[i]) <= 1e-12 * std::max(1.0, std::fabs(b[i]))) && a[i] != b[i])
      return format("element {} is {}, expected {}", i, a[i], b[i]);
  return "";
}

void expect_answers(const Graph& graph, const std::vector<Bytes>& fed, const std::vector<Array>& want, double tolerance,
                    const std::string& what) {
  for (const RunMode& mode : kModes) {
    const auto got = run_graph(graph, fed, mode);
    ASSERT_TRUE(got) << what << " " << mode.name << ": " << got.error().to_string();
    ASSERT_EQ(got->size(), want.size()) << what;
    for (size_t i = 0; i < want.size(); ++i)
      EXPECT_EQ(difference(graph.at(graph.outputs[i]), (*got)[i], want[i], tolerance), "")
          << what << " " << mode.name << " output " << i;
  }
}

void check_file(const json& entry, bool write_again) {
  const std::string name = entry["name"];
  const Bytes file = *read_file(kFolder + name + ".onnx"), blob = *read_file(kFolder + name + ".bin");
  const auto inputs = arrays_of(entry["inputs"], blob), want = arrays_of(entry["outputs"], blob);
  const double tolerance = entry["tolerance"];
  std::vector<Bytes> fed;
  const auto model = read_for(file, inputs, &fed);
  ASSERT_TRUE(model) << name << ": " << model.error().to_string();
  expect_answers(model->graph, fed, want, tolerance, name + " as read");
  const auto sunk = sink_transposes(*model);
  ASSERT_TRUE(sunk) << name << ": " << sunk.error().to_string();
  expect_answers(sunk->graph, fed, want, tolerance, name + " without transpositions");
  const auto tidy = tidy_import(*model);
  ASSERT_TRUE(tidy) << name << ": " << tidy.error().to_string();
  expect_answers(tidy->graph, fed, want, tolerance, name + " tidied");
  if (!write_again) return;
  const auto written = write_onnx(tidy->graph);
  ASSERT_TRUE(written) << name << ": " << written.error().to_string();
  const auto again = read_checked_onnx(*written);
  ASSERT_TRUE(again) << name << ": " << again.error().to_string();
  expect_answers(again->graph, fed, want, tolerance, name + " written again");
}

TEST(Onnx, ModelsAnswerAsInOnnxruntime) {
  const json index = json::parse(std::ifstream(kFolder + "index.json"));
  ASSERT_GE(index["models"].size(), 10u);
  for (const json& entry : index["models"]) check_file(entry, true);
}

TEST(Onnx, OperatorsAnswerAsTheirCasesSay) {
  const json index = json::parse(std::ifstream(kFolder + "index.json"));
  ASSERT_GE(index["nodes"].size(), 50u);
  for (const json& entry : index["nodes"]) check_file(entry, false);
  ASSERT_GE(index["found"].size(), 10u);
  for (const json& entry : index["found"]) check_file(entry, false);
}

// Whether a node computes with floats, and does not only make integers of them.
bool computes_floats(const Graph& graph, const Node& node) {
  return node.op != Op::dequantize && graph.at(node.outputs[0]).type == DType::f32;
}

// Integer operators here, in other roundings than onnxruntime's; the same numbers as .tflite and as .onnx of our own.
TEST(Onnx, QuantisedNetworksComputeInIntegers) {
  const json index = json::parse(std::ifstream(kFolder + "index.json"));
  ASSERT_GE(index["quantised"].size(), 10u);
  for (const json& entry : index["quantised"]) {
    const std::string name = entry["name"];
    const float quantum = entry["quantum"];
    const Bytes file = *read_file(kFolder + name + ".onnx"), blob = *read_file(kFolder + name + ".bin");
    const auto inputs = arrays_of(entry["inputs"], blob), want = arrays_of(entry["outputs"], blob);
    std::vector<Bytes> fed;
    const auto model = read_for(file, inputs, &fed);
    ASSERT_TRUE(model) << name << ": " << model.error().to_string();
    const auto tidy = tidy_import(*model);
    ASSERT_TRUE(tidy) << name << ": " << tidy.error().to_string();
    const Graph& graph = tidy->graph;
    if (quantum == 0) {  // quantised while it runs: floats, and exact
      expect_answers(graph, fed, want, 1e-5, name);
      continue;
    }
    EXPECT_LE(std::ranges::count_if(graph.nodes, [&](const Node& n) { return computes_floats(graph, n); }), 1)
        << name << "\n"
        << dump(graph);  // an average whose scale is far from its input's
    const auto got = run_graph(graph, fed, kModes[0]);
    ASSERT_TRUE(got) << name << ": " << got.error().to_string();
    const auto* ours = reinterpret_cast<const float*>((*got)[0].data());
    const auto* theirs = reinterpret_cast<const float*>(want[0].bytes.data());
    ASSERT_EQ((*got)[0].size(), want[0].bytes.size()) << name;
    for (size_t i = 0; i < want[0].bytes.size() / sizeof(float); ++i)
      EXPECT_LE(std::fabs(ours[i] - theirs[i]), 2.01f * quantum) << name << " element " << i;
    const auto expect_same = [&](const Graph& other, const RunMode& mode, const char* how) {
      const auto same = run_graph(other, fed, mode);
      ASSERT_TRUE(same) << name << " " << how << ": " << same.error().to_string();
      EXPECT_EQ(*same, *got) << name << " " << how;
    };
    for (const RunMode& mode : kModes) expect_same(graph, mode, mode.name);
    const auto tflite = write_tflite(graph);
    ASSERT_TRUE(tflite) << name << ": " << tflite.error().to_string();
    const auto read = thimble::read_model(std::span<const uint8_t>(*tflite));
    ASSERT_TRUE(read) << name << ": " << read.error().to_string();
    expect_same(read->graph, kModes[1], "as .tflite");
    const auto written = write_onnx(graph);
    ASSERT_TRUE(written) << name << ": " << written.error().to_string();
    auto again = read_checked_onnx(*written);
    ASSERT_TRUE(again) << name << ": " << again.error().to_string();
    again = tidy_import(std::move(*again));
    ASSERT_TRUE(again) << name << ": " << again.error().to_string();
    expect_same(again->graph, kModes[1], "written again");
  }
}

// A graph, written and read again, answers as it did.
void expect_same_through_onnx(const Graph& graph, const std::string& what) {
  std::vector<Bytes> fed;
  for (const TensorId x : graph.inputs) {
    const Tensor& tensor = graph.at(x);
    Bytes bytes(static_cast<size_t>(tensor.bytes()));
    if (tensor.type == DType::f32) {
      std::vector<float> values;
      for (int64_t i = 0; i < tensor.shape.elements(); ++i) values.push_back(static_cast<float>(i * 37 % 23) / 8 - 1);
      std::memcpy(bytes.data(), values.data(), bytes.size());
    } else {
      for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 37);
    }
    fed.push_back(std::move(bytes));
  }
  const auto want = run_graph(graph, fed, kModes[1]);
  ASSERT_TRUE(want) << what << ": " << want.error().to_string();
  const auto written = write_onnx(graph);
  ASSERT_TRUE(written) << what << ": " << written.error().to_string();
  auto read = read_checked_onnx(*written);
  ASSERT_TRUE(read) << what << ": " << read.error().to_string();
  read = tidy_import(std::move(*read));
  ASSERT_TRUE(read) << what << ": " << read.error().to_string();
  const auto got = run_graph(read->graph, fed, kModes[1]);
  ASSERT_TRUE(got) << what << ": " << got.error().to_string();
  const bool floats = graph.at(graph.outputs[0]).type == DType::f32;
  EXPECT_EQ(floats ? difference_floats((*got)[0], (*want)[0], 1e-6) : difference_bytes((*got)[0], (*want)[0]), "")
      << what;
}

TEST(Onnx, DenseLayerOfOtherRowsIsWritten) {
  Graph graph;
  Builder b(graph);
  const TensorId x = b.input("x", DType::f32, {3, 4});
  const std::vector<float> w{1, 2, 3, 4, 5, 6, -1, -2, -3, 0, 1, 0};
  graph.outputs = {*b.op(Op::fully_connected, {x, b.constant_f32("w", {2, 6}, w)}, FullyConnectedAttrs{}, "y")};
  expect_same_through_onnx(graph, "[3, 4] as rows of 6");
}

// As scales they are numbers of float32: all of them lead to the sizes that were meant.
TEST(Onnx, ResizedSizesAreKept) {
  for (int32_t from = 1; from < 30; ++from)
    for (int32_t to = 1; to < 30; ++to) {
      Graph graph;
      Builder b(graph);
      const TensorId x = b.input("x", DType::f32, {1, from, 1, 1});
      const TensorId size = b.constant_i32("size", std::array<int32_t, 2>{to, 1});
      graph.outputs = {*b.op(Op::resize_bilinear, {x, size}, ResizeAttrs{.half_pixel_centers = true}, "y")};
      expect_same_through_onnx(graph, format("{} to {}", from, to));
    }
}

TEST(Onnx, IntegersThatAreJoinedKeepTheirScale) {
  Graph graph;
  Builder b(graph);
  const Quantization quant{{0.05f}, {3}, 0};
  const TensorId x = b.input("x", DType::i8, {2, 3, 3, 2});
  const std::vector<int8_t> entries{9, -8, 7, -6, 5, -4, 3, -2, 1, 0, -1, 2};
  const TensorId z = b.constant("z", DType::i8, {2, 3, 1, 2}, Data::of(std::span<const int8_t>(entries)));
  for (const TensorId t : {x, z}) graph.at(t).quant = quant;
  const TensorId joined = *b.op(Op::concatenation, {z, x}, ConcatenationAttrs{.axis = 2}, "joined", &graph.at(x));
  const std::vector<int8_t> weights{1, 2, 3, 4, -5, 6, 7, -8};
  const TensorId w = b.constant("w", DType::i8, {2, 2, 1, 2}, Data::of(std::span<const int8_t>(weights)));
  graph.at(w).quant = {{0.02f}, {0}, 0};
  const Tensor like{.type = DType::i8, .quant = {{0.04f}, {-4}, 0}};
  graph.outputs = {*b.op(Op::conv2d, {joined, w}, Conv2dAttrs{}, "y", &like)};
  expect_same_through_onnx(graph, "concatenation, convolution");
}

TEST(Onnx, RefusesWithAReason) {
  const json index = json::parse(std::ifstream(kFolder + "index.json"));
  ASSERT_GE(index["refused"].size(), 20u);
  for (const json& refused : index["refused"]) {
    const auto model =
        read_checked_onnx(*read_file(kFolder + refused["file"].get<std::string>()), nullptr, {}, {.folder = kFolder});
    ASSERT_FALSE(model) << refused["file"];
    EXPECT_EQ(name(model.error().code), refused["code"].get<std::string>()) << refused["file"];
    EXPECT_NE(model.error().to_string().find(refused["message"].get<std::string>()), std::string::npos)
        << refused["file"] << ": " << model.error().to_string();
  }
}

int transpositions(const Graph& graph) {
  return static_cast<int>(std::ranges::count_if(graph.nodes, [](const Node& n) { return n.op == Op::transpose; }));
}

TEST(Onnx, NoTranspositionIsLeftInsideACnn) {
  const auto model = read_checked_onnx(*read_file(kFolder + "cnn.onnx"));
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_GE(transpositions(model->graph), 10);
  const auto sunk = sink_transposes(*model);
  ASSERT_TRUE(sunk) << sunk.error().to_string();
  EXPECT_EQ(transpositions(sunk->graph), 1) << dump(sunk->graph);  // of the input
  const auto tidy = tidy_import(*model);
  ASSERT_TRUE(tidy) << tidy.error().to_string();
  for (const Node& node : tidy->graph.nodes) EXPECT_NE(node.op, Op::batch_norm);
  EXPECT_LE(tidy->graph.nodes.size(), 14u) << dump(tidy->graph);
}

TEST(Onnx, FreeBatchTakesTheSizeThatIsKnown) {
  const Bytes file = *read_file(kFolder + "resnet_head.onnx");
  const auto one = read_checked_onnx(file);
  ASSERT_TRUE(one) << one.error().to_string();
  EXPECT_TRUE(one->graph.at(one->graph.inputs[0]).batch_unknown);
  const KnownInput known[] = {{.shape = Shape{3, 4, 6, 6}, .value = {}}};
  const auto three = read_checked_onnx(file, nullptr, known);
  ASSERT_TRUE(three) << three.error().to_string();
  EXPECT_EQ(three->graph.at(three->graph.outputs[0]).shape, (Shape{3, 3}));
  const KnownInput wrong[] = {{.shape = Shape{3, 5, 6, 6}, .value = {}}};
  const auto refused = read_checked_onnx(file, nullptr, wrong);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::usage);
}

// Refused, or a graph that verifies, is tidied, runs and is written.
void expect_harmless(const Bytes& file) {
  auto model = read_checked_onnx(file);
  if (!model) return;
  ASSERT_TRUE(verify(model->graph));
  auto tidy = tidy_import(std::move(*model));
  ASSERT_TRUE(tidy) << tidy.error().to_string();
  (void)write_onnx(tidy->graph);
  auto prepared = prepare_for_inference(std::move(*tidy));
  ASSERT_TRUE(prepared) << prepared.error().to_string();
  int64_t bytes = 0;
  for (const Tensor& t : prepared->graph.tensors) bytes += std::min<int64_t>(t.bytes(), 1 << 24);
  if (bytes > 1 << 24 || prepared->graph.nodes.size() > 1000) return;  // legal, and large
  std::vector<Bytes> zeros;
  for (const TensorId t : prepared->graph.inputs)
    zeros.emplace_back(static_cast<size_t>(prepared->graph.at(t).bytes()));
  (void)run_graph(prepared->graph, zeros, kModes[1]);
}

TEST(Onnx, AnyTruncationIsHarmless) {
  for (const char* name : {"mlp", "functions", "control", "quantised_audio_operators_u8"}) {
    const Bytes file = *read_file(kFolder + name + ".onnx");
    for (size_t length = 0; length < file.size(); ++length)
      expect_harmless(Bytes(file.begin(), file.begin() + static_cast<ptrdiff_t>(length)));
  }
}

TEST(Onnx, AnyChangedByteIsHarmless) {
  for (const char* name : {"mlp", "functions", "control", "quantised_audio_operators_u8"}) {
    Bytes file = *read_file(kFolder + name + ".onnx");
    for (uint8_t& byte : file) {
      const uint8_t old = byte;
      for (const int change : {0x00, 0x7f, 0x80, 0xff}) byte = static_cast<uint8_t>(change), expect_harmless(file);
      for (int bit = 0; bit < 8; ++bit) byte = static_cast<uint8_t>(old ^ 1 << bit), expect_harmless(file);
      byte = old;
    }
  }
}

// Protobuf's own traps: ir_version 8, then the bytes given.
Result<Checked> read_wire(const Bytes& more) {
  Bytes file{0x08, 0x08};
  file.insert(file.end(), more.begin(), more.end());
  return read_checked_onnx(file);
}

TEST(Onnx, WireFormatIsHeldToItsRules) {
  const Bytes long_varint(11, 0x80);
  Bytes number{0x28};
  number.insert(number.end(), long_varint.begin(), long_varint.end());
  for (const Bytes& bytes : {number, Bytes{0x3a, 0x7f}, Bytes{0x3b, 0x00}, Bytes{0x3c}, Bytes{0x3e}, Bytes{0x3f},
                             Bytes{0x00, 0x00}, Bytes{0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f}}) {
    const auto read = read_wire(bytes);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::bad_file) << read.error().to_string();
  }
}

// A graph in an attribute of a node of a graph …, 40 times: twice as many messages.
TEST(Onnx, DeepNestingIsRefused) {
  Bytes inside;
  const auto wrap = [&](uint8_t tag) {
    Bytes outer{tag};
    size_t size = inside.size();
    for (; size > 127; size >>= 7) outer.push_back(static_cast<uint8_t>(size | 128));
    outer.push_back(static_cast<uint8_t>(size));
    outer.insert(outer.end(), inside.begin(), inside.end());
    inside = std::move(outer);
  };
  for (int level = 0; level < 40; ++level) wrap(0x32), wrap(0x2a), wrap(0x0a);  // graph g, attribute, node
  wrap(0x3a);
  const auto read = read_wire(inside);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::unsupported) << read.error().to_string();
  EXPECT_NE(read.error().message.find("64 deep"), std::string::npos) << read.error().message;
}

}  // namespace
}  // namespace thimble::test
