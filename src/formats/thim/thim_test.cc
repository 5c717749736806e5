// Packed files: every model comes back the same, damage is found, and nothing that is read can hurt.
#include "formats/thim/thim.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "base/file.h"
#include "base/hash.h"
#include "base/random.h"
#include "formats/tflite/rule.h"
#include "formats/tflite/tflite.h"
#include "formats/thim/operators.h"
#include "formats/thim/versions.h"
#include "ops/check.h"

namespace thimble {
namespace {

std::vector<std::string> model_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/models"))
    if (entry.path().extension() == ".tflite") files.push_back(entry.path().string());
  std::ranges::sort(files);
  return files;
}

Graph load(const std::string& path) {
  const auto bytes = read_file(path);
  auto graph = read_tflite(*bytes);
  EXPECT_TRUE(graph) << path;
  return std::move(*graph);
}

// Tensors are compared where they are used: packed files number them by first use.
void expect_same_tensor(const Graph& a, TensorId ta, const Graph& b, TensorId tb, const std::string& where) {
  ASSERT_EQ(ta == kNoTensor, tb == kNoTensor) << where;
  if (ta == kNoTensor) return;
  const Tensor &x = a.at(ta), &y = b.at(tb);
  ASSERT_EQ(x.type, y.type) << where;
  ASSERT_TRUE(x.shape == y.shape) << where << " " << x.to_string() << " " << y.to_string();
  ASSERT_EQ(x.variable, y.variable) << where;
  ASSERT_EQ(x.batch_unknown, y.batch_unknown) << where;
  ASSERT_EQ(x.quant.scale, y.quant.scale) << where;
  ASSERT_EQ(x.quant.zero_point, y.quant.zero_point) << where;
  ASSERT_TRUE(!x.quant.per_axis() || x.quant.axis == y.quant.axis) << where;
  ASSERT_EQ(x.data.size, y.data.size) << where;
  ASSERT_TRUE(x.data.size == 0 || std::memcmp(x.data.bytes, y.data.bytes, x.data.size) == 0) << where;
}

void expect_same(const Graph& a, const Graph& b) {
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  const auto lists = [&](const std::vector<TensorId>& x, const std::vector<TensorId>& y, const std::string& where) {
    ASSERT_EQ(x.size(), y.size()) << where;
    for (size_t i = 0; i < x.size(); ++i) expect_same_tensor(a, x[i], b, y[i], format("{} {}", where, i));
  };
  lists(a.inputs, b.inputs, "input");
  lists(a.outputs, b.outputs, "output");
  for (size_t n = 0; n < a.nodes.size(); ++n) {
    const Node &x = a.nodes[n], &y = b.nodes[n];
    const std::string where = format("node {} {}", n, name(x.op));
    ASSERT_EQ(x.op, y.op) << where;
    ASSERT_EQ(x.attrs.to_string(), y.attrs.to_string()) << where;
    lists(x.inputs, y.inputs, where + " input");
    lists(x.outputs, y.outputs, where + " output");
    lists(x.intermediates, y.intermediates, where + " intermediate");
  }
}

Graph packed_and_read(const Graph& graph, const ThimOptions& options, size_t* bytes) {
  const auto packed = write_thim(graph, options);
  EXPECT_TRUE(packed) << packed.error().to_string();
  if (!packed) return {};
  *bytes = packed->bytes.size();
  auto again = read_thim(packed->bytes);
  EXPECT_TRUE(again) << again.error().to_string();
  return again ? std::move(*again) : Graph{};
}

class Models : public testing::TestWithParam<std::string> {};

TEST_P(Models, ComeBackTheSame) {
  const Graph graph = load(GetParam());
  const auto file_size = std::filesystem::file_size(GetParam());
  size_t bytes = 0;
  if (file_size < 400'000) {
    const Graph plain = packed_and_read(graph, {}, &bytes);
    expect_same(graph, plain);
    for (const Tensor& tensor : plain.tensors) EXPECT_FALSE(tensor.name.empty());
  }
  const Graph named = packed_and_read(graph, {.names = true}, &bytes);
  expect_same(graph, named);
  EXPECT_LT(bytes, file_size * 99 / 100);
  EXPECT_EQ(dump(graph), dump(named));
  EXPECT_EQ(graph.name, named.name);
  EXPECT_EQ(graph.metadata, named.metadata);
  EXPECT_EQ(graph.input_names, named.input_names);
  EXPECT_EQ(graph.output_names, named.output_names);
  for (size_t n = 0; n < graph.nodes.size(); ++n) EXPECT_EQ(graph.nodes[n].name, named.nodes[n].name);
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = std::filesystem::path(info.param).stem().string();
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(Thim, Models, testing::ValuesIn(model_files()), test_name);

// Every single-operator model of the goldens: all operators, types, attributes.
TEST(Thim, OperatorsComeBackTheSame) {
  int seen = 0;
  std::vector<std::filesystem::directory_entry> entries;
  for (const char* folder : {"tests/goldens/ops", "tests/goldens/movement"})
    for (const auto& entry : std::filesystem::directory_iterator(folder)) entries.push_back(entry);
  for (const auto& entry : entries) {
    if (entry.path().extension() != ".tflite") continue;
    const Graph graph = load(entry.path().string());
    size_t bytes = 0;
    const Graph again = packed_and_read(graph, {.names = true}, &bytes);
    expect_same(graph, again);
    EXPECT_EQ(dump(graph), dump(again)) << entry.path();
    ASSERT_FALSE(testing::Test::HasFailure()) << entry.path();
    ++seen;
  }
  EXPECT_GT(seen, 100);
}

TEST(Thim, EveryOperatorOfTfliteFilesHasANumber) {
  for (size_t i = 0; i < kOpCount; ++i)
    if (tflite::rule_of(static_cast<Op>(i)).rule) {
      EXPECT_GE(thim::number_of(static_cast<Op>(i)), 0) << name(static_cast<Op>(i));
    }
}

TEST(Thim, WritingTwiceGivesTheSameBytes) {
  const Graph graph = load("tests/models/micro/hello_world_int8.tflite");
  EXPECT_EQ(write_thim(graph)->bytes, write_thim(graph)->bytes);
  // Also from what was read.
  const auto packed = write_thim(graph);
  EXPECT_EQ(write_thim(*read_thim(packed->bytes))->bytes, packed->bytes);
}

TEST(Thim, TheAccountAddsUp) {
  const auto packed = write_thim(load("tests/models/mlperf-tiny/kws_ref_model.tflite"));
  const ThimAccount& a = packed->account;
  double sum = 0;
  for (const ThimTensor& t : a.tensors) sum += t.coded_bytes;
  EXPECT_NEAR(sum, a.data_bytes, 1e-6);
  const double all =
      a.data_bytes + a.structure_bytes + a.scale_bytes + a.text_bytes + static_cast<double>(a.frame_bytes);
  EXPECT_NEAR(all, static_cast<double>(packed->bytes.size()), 2);
  EXPECT_EQ(a.frame_bytes, 7);
}

// ---- damage ----

void expect_refused(std::span<const uint8_t> bytes, const std::string& what) {
  const auto graph = read_thim(bytes);
  ASSERT_FALSE(graph) << what;
  EXPECT_EQ(graph.error().code, ErrorCode::bad_file) << what << ": " << graph.error().to_string();
}

TEST(Thim, EveryFlippedBitAndEveryTruncationIsFound) {
  const std::vector<uint8_t> bytes = write_thim(load("tests/models/micro/hello_world_int8.tflite"))->bytes;
  ASSERT_LT(bytes.size(), 1000u);
  for (size_t length = 0; length < bytes.size(); ++length)
    expect_refused({bytes.data(), length}, format("cut to {}", length));
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    std::vector<uint8_t> damaged = bytes;
    damaged[i / 8] ^= static_cast<uint8_t>(1u << (i % 8));
    expect_refused(damaged, format("bit {}", i));
  }
  std::vector<uint8_t> longer = bytes;
  longer.push_back(0);
  expect_refused(longer, "a byte more");
}

TEST(Thim, TenThousandRandomDamagesAreFound) {
  const std::vector<uint8_t> bytes = write_thim(load("tests/models/micro/micro_speech_quantized.tflite"))->bytes;
  for (uint64_t i = 0; i < 10000; ++i) {
    std::vector<uint8_t> damaged = bytes;
    const uint64_t changes = 1 + random_bits(5, i, 0) % 8;
    for (uint64_t c = 0; c < changes; ++c) {
      const uint64_t word = random_bits(5, i, 1 + c);
      damaged[word % damaged.size()] = static_cast<uint8_t>(word >> 40);
    }
    if (damaged == bytes) continue;
    expect_refused(damaged, format("damage {}", i));
  }
}

// With a checksum that fits, damage reaches the decoder: refused or a graph that verifies, never worse.
TEST(Thim, ForgedFilesAreRefusedOrSound) {
  int sound = 0, refused = 0;
  for (const char* model :
       {"tests/models/micro/hello_world_int8.tflite", "tests/models/micro/trained_lstm_int8.tflite"}) {
    const std::vector<uint8_t> bytes = write_thim(load(model), {.names = true})->bytes;
    for (uint64_t i = 0; i < 400; ++i) {
      std::vector<uint8_t> forged = bytes;
      forged.resize(3 + random_bits(6, i, 0) % (bytes.size() - 7));
      const uint64_t changes = random_bits(6, i, 1) % 4;
      for (uint64_t c = 0; c < changes && forged.size() > 3; ++c) {
        const uint64_t word = random_bits(6, i, 2 + c);
        forged[3 + word % (forged.size() - 3)] = static_cast<uint8_t>(word >> 40);
      }
      const uint32_t sum = crc32(forged);
      for (int b = 0; b < 4; ++b) forged.push_back(static_cast<uint8_t>(sum >> (8 * b)));
      const auto graph = read_thim(forged);
      graph ? ++sound : ++refused;
      if (graph) {
        EXPECT_TRUE(verify(*graph));
      }
    }
  }
  EXPECT_GT(refused, 500);
  EXPECT_EQ(sound + refused, 800);
}

TEST(Thim, OtherFilesAndVersionsAreNamed) {
  EXPECT_FALSE(is_thim({}));
  const std::vector<uint8_t> text = {'T', 'h', 'i', 's', ' ', 'i', 's'};
  EXPECT_FALSE(is_thim(text));
  expect_refused(text, "text");
  const int newest = thim::newest_version(thim::attributes_of);
  std::vector<uint8_t> later = {'T', 'h', static_cast<uint8_t>(newest + 1), 0};
  const uint32_t sum = crc32(later);
  for (int b = 0; b < 4; ++b) later.push_back(static_cast<uint8_t>(sum >> (8 * b)));
  const auto graph = read_thim(later);
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::unsupported);
  EXPECT_NE(graph.error().message.find(format("version {}", newest + 1)), std::string::npos);
}

// Version 1 where that is enough; a file that uses more and says version 1 is no sound file.
TEST(Thim, TheVersionSaysWhatReadersNeed) {
  Graph graph = load("tests/models/micro/hello_world_int8.tflite");
  EXPECT_EQ(write_thim(graph)->bytes[2], 1);
  for (Tensor& tensor : graph.tensors)
    if (tensor.type == DType::i32 && tensor.constant() && tensor.shape.elements() > 1) {
      std::vector<int32_t> rounded(tensor.data.as<int32_t>().begin(), tensor.data.as<int32_t>().end());
      for (int32_t& b : rounded) b = b / 256 * 256;
      tensor.data = Data::of(std::span<const int32_t>(rounded));
    }
  auto bytes = write_thim(graph)->bytes;
  EXPECT_EQ(bytes[2], 2);
  expect_same(graph, *read_thim(bytes));
  bytes[2] = 1;
  const uint32_t sum = crc32(std::span(bytes).first(bytes.size() - 4));
  for (size_t b = 0; b < 4; ++b) bytes[bytes.size() - 4 + b] = static_cast<uint8_t>(sum >> (8 * b));
  expect_refused(bytes, "version 1");
}

}  // namespace
}  // namespace thimble
