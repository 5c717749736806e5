// Operators that single families of models have: transforms of real numbers, dense layers with a scale per block,
// products with a scale per column. What inference refuses, one line per reason, and fast paths against the references.
#include <complex>
#include <numbers>

#include "base/half.h"
#include "base/random.h"
#include "harness.h"
#include "ops/batch_matmul/batch_matmul.h"
#include "ops/builder.h"
#include "ops/embedding_lookup/embedding_lookup.h"
#include "ops/fully_connected_blocks/fully_connected_blocks.h"
#include "ops/rfft2d/rfft2d.h"

namespace thimble::test {
namespace {

Bytes floats(int64_t count, uint64_t seed) {
  Bytes data(static_cast<size_t>(count) * 4);
  for (int64_t i = 0; i < count; ++i) {
    const auto value =
        static_cast<float>(static_cast<double>(random_bits(seed, 5, static_cast<uint64_t>(i)) >> 11) * 0x1p-53 * 2 - 1);
    std::memcpy(&data[static_cast<size_t>(i) * 4], &value, 4);
  }
  return data;
}
Bytes integers(int64_t count, uint64_t seed) {
  Bytes data;
  for (int64_t i = 0; i < count; ++i)
    data.push_back(static_cast<uint8_t>(random_bits(seed, 6, static_cast<uint64_t>(i))));
  return data;
}

class Families : public testing::Test {
 protected:
  TensorId f32(Shape shape) { return b.input("x", DType::f32, shape); }
  TensorId lengths(std::vector<int32_t> v) { return b.constant_i32("lengths", v); }
  void refuse(Op op, std::vector<TensorId> inputs, Attrs attrs, const char* why, ErrorCode code = ErrorCode::bad_file) {
    const auto y = b.node(op, std::move(inputs), std::move(attrs), "y", 1);
    ASSERT_FALSE(y) << why;
    EXPECT_EQ(y.error().code, code) << y.error().to_string();
    EXPECT_NE(y.error().to_string().find(why), std::string::npos) << y.error().to_string();
  }
  Graph g;
  Builder b{g};
};

TEST_F(Families, TransformsThatAreRefused) {
  refuse(Op::rfft2d, {f32({4}), lengths({1, 4})}, {}, "rank");
  refuse(Op::rfft2d, {b.input("x", DType::i32, {2, 4}), lengths({1, 4})}, {}, "not one of float32",
         ErrorCode::unsupported);
  refuse(Op::rfft2d, {f32({2, 4}), lengths({4})}, {}, "1 lengths");
  refuse(Op::rfft2d, {f32({2, 4}), lengths({1, 6})}, {}, "not a power of two", ErrorCode::unsupported);
  refuse(Op::rfft2d, {f32({2, 4}), lengths({0, 4})}, {}, "length 0", ErrorCode::unsupported);
  refuse(Op::rfft2d, {f32({2, 4}), lengths({-4, 4})}, {}, "length -4", ErrorCode::unsupported);
  refuse(Op::rfft2d, {f32({2, 4}), lengths({1 << 30, 1 << 30})}, {}, "", ErrorCode::unsupported);
  refuse(Op::rfft2d, {f32({2, 4}), b.input("n", DType::i32, {2})}, {}, "", ErrorCode::needs_value);
}

// Against the sum that defines it, in every size up to 32 by 64, with inputs that are cut and filled up.
TEST(Rfft2d, IsTheSumThatDefinesIt) {
  using Number = std::complex<double>;
  const int64_t rows = 5, columns = 21;
  const Bytes x = floats(rows * columns, 3);
  for (int64_t height = 1; height <= 32; height *= 2)
    for (int64_t width = 1; width <= 64; width *= 2) {
      Graph g;
      Builder b(g);
      const std::vector<int32_t> lengths = {static_cast<int32_t>(height), static_cast<int32_t>(width)};
      const TensorId n = b.constant_i32("lengths", lengths);
      const auto y = b.op(Op::rfft2d, {b.input("x", DType::f32, {rows, columns}), n}, Attrs(), "y");
      ASSERT_TRUE(y) << y.error().to_string();
      g.outputs = {*y};
      const auto got = run_graph(g, {x}, kModes[0]);
      ASSERT_TRUE(got) << got.error().to_string();
      Bytes want;
      for (int64_t u = 0; u < height; ++u)
        for (int64_t v = 0; v <= width / 2; ++v) {
          Number sum = 0;
          for (int64_t j = 0; j < std::min(rows, height); ++j)
            for (int64_t i = 0; i < std::min(columns, width); ++i) {
              const double turns = static_cast<double>(u * j % height) / static_cast<double>(height) +
                                   static_cast<double>(v * i % width) / static_cast<double>(width);
              const auto value = reinterpret_cast<const float*>(x.data())[j * columns + i];
              sum += static_cast<double>(value) * std::polar(1.0, -2 * std::numbers::pi * turns);
            }
          const float parts[] = {static_cast<float>(sum.real()), static_cast<float>(sum.imag())};
          const auto* raw = reinterpret_cast<const uint8_t*>(parts);
          want.insert(want.end(), raw, raw + sizeof parts);
        }
      EXPECT_EQ(difference_floats((*got)[0], want, 1e-6), "") << height << " × " << width;
    }
}

TEST_F(Families, BlocksThatAreRefused) {
  const TensorId x = f32({3, 8});
  const auto weights = [&](Shape shape) {
    return b.constant("w", DType::i8, shape, Data::copy(integers(shape.elements(), 1)));
  };
  const auto scales = [&](std::vector<float> v) { return b.constant_f32("s", {static_cast<int64_t>(v.size())}, v); };
  const TensorId w = weights({2, 8}), s = scales({1, 2, 3, 4});
  const FullyConnectedBlocksAttrs plain;
  const Op op = Op::fully_connected_blocks;
  refuse(op, {x, w, kNoTensor}, plain, "inputs");
  refuse(op, {x, w, kNoTensor, kNoTensor}, plain, "left out");
  refuse(op, {b.input("x", DType::i8, {3, 8}), w, kNoTensor, s}, plain, "no kernel for input", ErrorCode::unsupported);
  refuse(op, {x, b.input("w", DType::i8, {2, 8}), kNoTensor, s}, plain, "no constants", ErrorCode::unsupported);
  refuse(op, {x, w, kNoTensor, f32({4})}, plain, "no constants", ErrorCode::unsupported);
  refuse(op, {x, w, kNoTensor, scales({1, 2, 3})}, plain, "are no scales");
  refuse(op, {x, w, kNoTensor, scales({1, 2, 3, 4, 5, 6})}, plain, "are no scales");
  refuse(op, {x, w, kNoTensor, scales({1, 2, NAN, 4})}, plain, "a scale is");
  refuse(op, {f32({3, 7}), w, kNoTensor, s}, plain, "does not divide into rows of 8");
  refuse(op, {f32({2, 4}), w, kNoTensor, s}, FullyConnectedBlocksAttrs{Activation::none, true}, "does not divide");
  refuse(op, {x, w, scales({1}), s}, plain, "must hold 2 float32");
  refuse(op, {x, weights({0, 8}), kNoTensor, s}, plain, "empty dimension");
}

TEST_F(Families, RowsInBlocksThatAreRefused) {
  const TensorId picks = b.input("picks", DType::i32, {2});
  const auto halves = [&](int64_t n) {
    return b.constant("s", DType::f16, {n}, Data::copy(Bytes(static_cast<size_t>(2 * n), 1)));
  };
  const Tensor floating{.type = DType::f32};
  const auto with = [&](TensorId table, TensorId scales, const char* why, ErrorCode code, const Tensor* like) {
    const auto y = b.op(Op::embedding_lookup, {picks, table, scales}, EmbeddingLookupAttrs{}, "y", like);
    ASSERT_FALSE(y) << why;
    EXPECT_EQ(y.error().code, code) << y.error().to_string();
    EXPECT_NE(y.error().to_string().find(why), std::string::npos) << y.error().to_string();
  };
  const TensorId table = b.constant("t", DType::i8, {3, 8}, Data::copy(integers(24, 1)));
  with(table, halves(4), "are no scales of blocks", ErrorCode::bad_file, &floating);
  with(table, halves(9), "are no scales of blocks", ErrorCode::bad_file, &floating);
  with(b.input("t", DType::i8, {3, 8}), halves(6), "no constants", ErrorCode::unsupported, &floating);
  with(b.constant("t", DType::f32, {3, 8}, Data::copy(floats(24, 1))), halves(6), "only float32 rows of int8",
       ErrorCode::unsupported, &floating);
}

// Zero points that are all 0 say nothing; the weights are no layer's.
TEST(Blocks, AreReadWithTheirScales) {
  const auto graph = read_model("tests/goldens/reader/blocks_with_zero_points_of_0.tflite");
  ASSERT_TRUE(graph) << graph.error().to_string();
  ASSERT_EQ(graph->nodes.size(), 1u);
  const Node& node = graph->nodes[0];
  EXPECT_EQ(node.op, Op::fully_connected_blocks);
  ASSERT_EQ(node.inputs.size(), 4u);
  EXPECT_EQ(graph->at(node.inputs[3]).type, DType::f16);
  EXPECT_EQ(graph->at(node.inputs[3]).shape.elements(), 4);
}

// One block to a row is a hybrid layer with a scale per channel: the same sums; a fused activation is applied.
TEST_F(Families, BlocksSumUpWithTheirScales) {
  const Bytes values = floats(3 * 8, 2), raw = integers(2 * 8, 1);
  const TensorId x = f32({3, 8}), w = b.constant("w", DType::i8, {2, 8}, Data::copy(raw));
  const std::vector<float> scale = {0.5f, -0.25f, 2, 1};
  std::vector<uint16_t> halves;
  for (const float s : scale) halves.push_back(float_to_half(s));
  const TensorId s = b.constant("s", DType::f16, {2, 2}, Data::of(std::span<const uint16_t>(halves)));
  const auto y =
      b.op(Op::fully_connected_blocks, {x, w, kNoTensor, s}, FullyConnectedBlocksAttrs{Activation::relu, false}, "y");
  ASSERT_TRUE(y) << y.error().to_string();
  g.outputs = {*y};
  const auto got = run_graph(g, {values}, kModes[1]);
  ASSERT_TRUE(got) << got.error().to_string();
  const auto* in = reinterpret_cast<const float*>(values.data());
  const auto* out = reinterpret_cast<const float*>((*got)[0].data());
  int clamped = 0;
  for (int b0 = 0; b0 < 3; ++b0)
    for (int o = 0; o < 2; ++o) {
      double want = 0, most = 0;  // of the real weights; x is off by half a step of its 255
      for (int i = 0; i < 8; ++i) {
        const double weight = static_cast<int8_t>(raw[static_cast<size_t>(o * 8 + i)]) *
                              static_cast<double>(scale[static_cast<size_t>(o * 2 + i / 4)]);
        want += weight * static_cast<double>(in[b0 * 8 + i]);
        most += std::fabs(weight) / 255;
      }
      clamped += want < -most;
      EXPECT_NEAR(static_cast<double>(out[b0 * 2 + o]), std::max(want, 0.0), most);
    }
  EXPECT_GT(clamped, 0);
}

TEST_F(Families, ProductsOfColumnsThatAreRefused) {
  const TensorId x = b.input("x", DType::i8, {2, 3}), w = b.input("w", DType::i8, {3, 2});
  g.at(x).quant = {{0.5f}, {3}, 0};
  const auto with = [&](Quantization q, const char* why, ErrorCode code, BatchMatmulAttrs attrs = {}) {
    g.at(w).quant = std::move(q);
    refuse(Op::batch_matmul, {x, w}, attrs, why, code);
  };
  with({{0.5f, 1, 2}, {0, 0, 0}, 0}, "not that of its columns", ErrorCode::unsupported);
  with({{0.5f, 1}, {0, 7}, 1}, "zero points must be 0", ErrorCode::unsupported);
}

TEST(ProductOfColumns, FastPathsAgreeWithTheReference) {
  struct {
    Shape x, w;
    bool adj_x, adj_y;
  } const cases[] = {{{3, 17}, {17, 9}, false, false},
                     {{2, 5, 20}, {33, 20}, false, true},
                     {{2, 20, 5}, {20, 7}, true, false},
                     {{4, 3, 6}, {4, 6, 5}, false, false},
                     {{2, 1, 3, 40}, {5, 40, 16}, false, false}};
  for (const auto& c : cases)
    for (const bool fixed : {false, true}) {
      Graph g;
      Builder b(g);
      const TensorId x = b.input("x", DType::i8, c.x);
      const Bytes values = integers(c.w.elements(), 2);
      const TensorId w = fixed ? b.constant("w", DType::i8, c.w, Data::copy(values)) : b.input("w", DType::i8, c.w);
      g.at(x).quant = {{0.05f}, {-7}, 0};
      Quantization q;
      q.axis = c.w.rank() - (c.adj_y ? 2 : 1);
      for (int64_t j = 0; j < c.w[q.axis]; ++j) q.scale.push_back(0.001f * static_cast<float>(1 + j * 7 % 11));
      q.zero_point.assign(q.scale.size(), 0);
      g.at(w).quant = q;
      Tensor like{.type = DType::i8};
      like.quant = {{0.6f}, {3}, 0};
      const auto y = b.op(Op::batch_matmul, {x, w}, BatchMatmulAttrs{c.adj_x, c.adj_y}, "y", &like);
      ASSERT_TRUE(y) << y.error().to_string();
      g.outputs = {*y};
      std::vector<Bytes> inputs{integers(c.x.elements(), 1)};
      if (!fixed) inputs.push_back(values);
      const auto want = run_graph(g, inputs, kModes[0]), one = run_graph(g, inputs, kModes[1]),
                 two = run_graph(g, inputs, kModes[2]);
      ASSERT_TRUE(want) << want.error().to_string();
      ASSERT_TRUE(one) << one.error().to_string();
      EXPECT_EQ(difference_bytes((*one)[0], (*want)[0]), "") << c.x.to_string() << " by " << c.w.to_string();
      EXPECT_EQ(*two, *one);
    }
}

}  // namespace
}  // namespace thimble::test
