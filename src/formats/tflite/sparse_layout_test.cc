// Sparse tensors that are written: the cheapest layout, and files that come back the same and smaller.
#include "formats/tflite/sparse_layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "base/file.h"
#include "base/random.h"
#include "formats/tflite/parts.h"
#include "formats/tflite/tflite.h"
#include "ops/op.h"

namespace thimble {
namespace {

using tflite::cheapest_layout;
using tflite::SparseLayout;

template <class T>
Tensor constant(DType type, const Shape& shape, const std::vector<T>& values) {
  Tensor t;
  t.name = "w";
  t.type = type;
  t.shape = shape;
  t.data = Data::of(std::span<const T>(values));
  return t;
}

TEST(SparseLayout, RowsWithNarrowIndices) {
  std::vector<int8_t> values(64 * 200, 0);
  for (size_t i = 0; i < values.size(); i += 9) values[i] = 3;
  const auto layout = cheapest_layout(constant(DType::i8, {64, 200}, values));
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->block, 1);
  EXPECT_EQ(layout->index_width, 1);
  EXPECT_EQ(layout->segment_width, 2);
  EXPECT_EQ(layout->blocks, (64 * 200 + 8) / 9);
  EXPECT_EQ(layout->compressed, 1);  // 65 segments; along dimension 0 there would be 201
  EXPECT_EQ(layout->data_bytes, layout->blocks * 2 + 65 * 2);
}

// A tensor of zeros would have an empty buffer, which LiteRT's DENSIFY does not take for a constant.
TEST(SparseLayout, ZerosAloneStayDense) {
  EXPECT_FALSE(cheapest_layout(constant(DType::f32, {4, 93}, std::vector<float>(4 * 93, 0.0f))));
  EXPECT_FALSE(cheapest_layout(constant(DType::i8, {1, 1, 1, 512}, std::vector<int8_t>(512, 0))));
}

TEST(SparseLayout, BlocksAreFound) {
  std::vector<int8_t> values(32 * 64, 0);
  for (size_t b = 0; b < values.size() / 16; b += 3)
    std::fill_n(values.begin() + static_cast<long>(b) * 16, 16, int8_t{1});
  const auto along = cheapest_layout(constant(DType::i8, {32, 64}, values));
  ASSERT_TRUE(along);
  EXPECT_EQ(along->blocked, 1);
  EXPECT_EQ(along->block, 16);
  std::vector<float> columns(32 * 64, 0);
  for (size_t r = 0; r < 32; ++r)
    for (size_t c = 0; c < 64; ++c)
      if ((r / 4 + c) % 5 == 0) columns[r * 64 + c] = 2;
  const auto across = cheapest_layout(constant(DType::f32, {32, 64}, columns));
  ASSERT_TRUE(across);
  EXPECT_EQ(across->blocked, 0);
  EXPECT_EQ(across->block, 4);
}

TEST(SparseLayout, OnlyTypesThatDensifyHas) {
  EXPECT_FALSE(cheapest_layout(constant(DType::i32, {64}, std::vector<int32_t>(64, 0))));
  EXPECT_FALSE(cheapest_layout(constant(DType::i4, {64}, std::vector<int8_t>(32, 0))));
  EXPECT_FALSE(cheapest_layout(constant(DType::f32, {}, std::vector<float>{0})));
  std::vector<uint16_t> halves(64, 0);
  halves[5] = 0x3c00;
  EXPECT_TRUE(cheapest_layout(constant(DType::f16, {64}, halves)));
}

// Zeroes a share of the weights of every layer; some float zeros become −0.
void prune(Graph& graph, double share, uint64_t block) {
  Random random(11);
  for (const Node& node : graph.nodes) {
    if (node.op != Op::fully_connected && node.op != Op::conv2d && node.op != Op::depthwise_conv2d) continue;
    Tensor& w = graph.at(node.inputs[1]);
    if (!w.constant() || w.type == DType::i4) continue;
    std::vector<uint8_t> bytes(w.data.bytes, w.data.bytes + w.data.size);
    const size_t width = static_cast<size_t>(bits(w.type) / 8), span = width * block;
    for (size_t at = 0; at + span <= bytes.size(); at += span)
      if (static_cast<double>(random.below(1000)) < share * 1000) std::memset(bytes.data() + at, 0, span);
    if (w.type == DType::f32) bytes[3] = 0x80;
    w.data = Data::copy(bytes);
  }
}

std::map<std::string, const Tensor*> constants(const Graph& graph) {
  std::map<std::string, const Tensor*> all;
  for (const Tensor& t : graph.tensors)
    if (t.constant()) all[t.name] = &t;
  return all;
}

class SparseFile : public testing::TestWithParam<const char*> {};

TEST_P(SparseFile, ComesBackTheSameAndSmaller) {
  const auto bytes = read_file(std::string("tests/models/") + GetParam());
  ASSERT_TRUE(bytes);
  for (const uint64_t block : {1u, 4u, 16u}) {
    auto graph = read_tflite(*bytes);
    ASSERT_TRUE(graph);
    prune(*graph, 0.8, block);
    const auto dense = write_tflite(*graph), sparse = write_tflite(*graph, {.sparse = true});
    ASSERT_TRUE(dense && sparse);
    EXPECT_LT(sparse->size(), dense->size()) << block;
    const auto again = read_tflite(*sparse);
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(again->nodes.size(), graph->nodes.size());
    const auto before = constants(*graph), after = constants(*again);
    for (const auto& [name, tensor] : before) {
      ASSERT_TRUE(after.contains(name)) << name;
      const Tensor& t = *after.at(name);
      EXPECT_EQ(t.quant, tensor->quant) << name;
      ASSERT_EQ(t.data.size, tensor->data.size) << name;
      EXPECT_EQ(std::memcmp(t.data.bytes, tensor->data.bytes, t.data.size), 0) << name;
    }
    // What the choices say is what the file holds.
    const auto parts = tflite_parts(*sparse);
    ASSERT_TRUE(parts);
    int64_t chosen = 0, stored = 0;
    for (const tflite::SparseChoice& c : tflite::sparse_choices(*graph)) {
      if (!c.chosen) continue;
      ++chosen;
      stored += c.layout.data_bytes;
    }
    EXPECT_EQ(parts->sparse_tensors, chosen);
    EXPECT_NEAR(static_cast<double>(parts->sparse_values + parts->sparse_index), static_cast<double>(stored),
                static_cast<double>(chosen) * 80);
    // The dense file is what it always was.
    const auto plain = read_tflite(*dense);
    ASSERT_TRUE(plain);
    EXPECT_EQ(tflite_parts(*dense)->sparse_tensors, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, SparseFile,
                         testing::Values("mlperf-tiny/ad01_int8.tflite", "mlperf-tiny/ad01_fp32.tflite",
                                         "mlperf-tiny/kws_ref_model.tflite", "mlperf-tiny/pretrainedResnet.tflite",
                                         "micro/keras_lstm_mnist_ptq.tflite"),
                         [](const auto& model) {
                           std::string name = model.param;
                           std::ranges::replace_if(
                               name, [](char c) { return !std::isalnum(c); }, '_');
                           return name;
                         });

TEST(SparseLayout, NothingWhereNothingIsGained) {
  const auto bytes = read_file("tests/models/mlperf-tiny/kws_ref_model.tflite");
  const auto graph = read_tflite(*bytes);
  ASSERT_TRUE(graph);
  EXPECT_EQ(*write_tflite(*graph), *write_tflite(*graph, {.sparse = true}));
}

}  // namespace
}  // namespace thimble
