// batch_matmul, transpose_conv and conv3d: fast paths against the references over many shapes; what inference refuses
// of the larger neural-network operators, one line per reason.
#include "base/random.h"
#include "harness.h"
#include "ops/batch_matmul/batch_matmul.h"
#include "ops/builder.h"
#include "ops/conv3d/conv3d.h"
#include "ops/dilate/dilate.h"
#include "ops/local_response_norm/local_response_norm.h"
#include "ops/lstm_cell/lstm_cell.h"
#include "ops/pool2d/pool2d.h"
#include "ops/rnn/rnn.h"
#include "ops/svdf/svdf.h"
#include "ops/transpose_conv/transpose_conv.h"

namespace thimble::test {
namespace {

Bytes values(DType type, int64_t count, uint64_t seed) {
  Bytes data(static_cast<size_t>(count * bits(type) / 8));
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t word = random_bits(seed, 5, static_cast<uint64_t>(i));
    const auto real = static_cast<float>(static_cast<double>(word >> 11) * 0x1p-53 * 2 - 1);
    const auto small = static_cast<int32_t>(word % 20001) - 10000;
    if (type == DType::f32) std::memcpy(&data[static_cast<size_t>(i) * 4], &real, 4);
    if (type == DType::i32) std::memcpy(&data[static_cast<size_t>(i) * 4], &small, 4);
    if (bits(type) == 8) data[static_cast<size_t>(i)] = static_cast<uint8_t>(word);
  }
  return data;
}

void compare_modes(const Graph& g, const std::vector<Bytes>& inputs, const std::string& what) {
  const auto want = run_graph(g, inputs, kModes[0]), one = run_graph(g, inputs, kModes[1]),
             two = run_graph(g, inputs, kModes[2]);
  ASSERT_TRUE(want) << want.error().to_string();
  ASSERT_TRUE(one) << one.error().to_string();
  const bool floats = g.at(g.outputs[0]).type == DType::f32;
  EXPECT_EQ(floats ? difference_floats((*one)[0], (*want)[0], 1e-5) : difference_bytes((*one)[0], (*want)[0]), "")
      << what << "\n"
      << dump(g);
  EXPECT_EQ(*two, *one) << what << ": two threads give other bits than one";
}

void quantise(Graph& g, TensorId t, DType type, float scale, int32_t zero) {
  if (type != DType::f32) g.at(t).quant = {{scale}, {zero}, 0};
}

TEST(BatchMatmul, FastPathsAgreeWithTheReference) {
  const struct {
    Shape x, w;
    bool adj_x, adj_y;
  } cases[] = {{{5, 7}, {7, 9}, false, false},
               {{2, 33, 40}, {40, 17}, false, false},
               {{3, 1, 64}, {3, 64, 5}, false, false},
               {{2, 3, 8, 12}, {3, 12, 20}, false, false},
               {{4, 12, 8}, {20, 12}, true, true},
               {{1, 2, 9, 30}, {4, 1, 18, 30}, false, true},
               {{2, 30, 9}, {2, 30, 18}, true, false},
               {{60, 128}, {128, 96}, false, false},
               {{6, 40, 64}, {6, 64, 50}, false, false},
               {{0, 4}, {4, 3}, false, false},
               {{3, 1}, {1, 3}, false, false}};
  for (const auto& c : cases)
    for (const DType type : {DType::f32, DType::i8})
      for (const bool fixed : {false, true})
        for (const int32_t zero : {0, 11, -128}) {
          if (type == DType::f32 && zero != 0) continue;
          Graph g;
          Builder b(g);
          const TensorId x = b.input("x", type, c.x);
          const Bytes w_values = values(type, c.w.elements(), 2);
          const TensorId w = fixed ? b.constant("w", type, c.w, Data::copy(w_values)) : b.input("w", type, c.w);
          quantise(g, x, type, 0.05f, -7);
          quantise(g, w, type, 0.02f, zero);
          Tensor like{.type = type};
          if (type == DType::i8) like.quant = {{0.6f}, {3}, 0};
          const auto y = b.op(Op::batch_matmul, {x, w}, BatchMatmulAttrs{c.adj_x, c.adj_y}, "y", &like);
          ASSERT_TRUE(y) << y.error().to_string();
          g.outputs = {*y};
          std::vector<Bytes> inputs{values(type, c.x.elements(), 1)};
          if (!fixed) inputs.push_back(w_values);
          compare_modes(g, inputs, format("{} by {}, zero point {}", c.x.to_string(), c.w.to_string(), zero));
        }
}

struct Transposed {
  Shape x;
  int64_t filters, kernel_h, kernel_w;
  int stride_h, stride_w;
  Padding padding;
};

TEST(TransposeConv, FastPathsAgreeWithTheReference) {
  const Transposed cases[] = {
      {{1, 4, 4, 3}, 5, 3, 3, 2, 2, Padding::same},   {{2, 3, 5, 8}, 4, 4, 2, 2, 1, Padding::valid},
      {{1, 7, 6, 16}, 33, 2, 2, 2, 2, Padding::same}, {{3, 1, 1, 5}, 2, 5, 5, 1, 1, Padding::valid},
      {{1, 5, 5, 1}, 1, 1, 1, 3, 2, Padding::same},   {{2, 8, 8, 40}, 24, 3, 3, 1, 1, Padding::same}};
  for (const Transposed& c : cases)
    for (const DType type : {DType::f32, DType::i8, DType::i32 /* hybrid */})
      for (const bool biased : {false, true}) {
        const bool hybrid = type == DType::i32, same = c.padding == Padding::same;
        const DType x_type = hybrid ? DType::f32 : type, w_type = hybrid ? DType::i8 : type;
        const auto size = [&](int64_t in, int64_t kernel, int64_t stride) {
          return in * stride + (same ? 0 : std::max<int64_t>(kernel - stride, 0));
        };
        const Shape ws{c.filters, c.kernel_h, c.kernel_w, c.x[3]};
        Graph g;
        Builder b(g);
        const TensorId x = b.input("x", x_type, c.x);
        Bytes w_values = values(w_type, ws.elements(), 2);
        const TensorId w = b.constant("w", w_type, ws, Data::copy(w_values));
        quantise(g, x, x_type, 0.05f, -7);
        if (w_type == DType::i8)
          for (int64_t o = 0; o < c.filters; ++o) {
            g.at(w).quant.scale.push_back(0.01f + 0.001f * static_cast<float>(o % 5));
            g.at(w).quant.zero_point.push_back(0);
          }
        const DType bias_type = x_type == DType::f32 ? DType::f32 : DType::i32;
        const TensorId bias =
            biased ? b.constant("b", bias_type, {c.filters}, Data::copy(values(bias_type, c.filters, 3))) : kNoTensor;
        const std::vector<int32_t> shape{
            static_cast<int32_t>(c.x[0]), static_cast<int32_t>(size(c.x[1], c.kernel_h, c.stride_h)),
            static_cast<int32_t>(size(c.x[2], c.kernel_w, c.stride_w)), static_cast<int32_t>(c.filters)};
        Tensor like{.type = x_type};
        if (x_type == DType::i8) like.quant = {{0.5f}, {3}, 0};
        const auto y =
            b.op(Op::transpose_conv, {x, w, bias, b.constant_i32("shape", shape)},
                 TransposeConvAttrs{c.stride_h, c.stride_w, c.padding, biased ? Activation::relu : Activation::none},
                 "y", &like);
        ASSERT_TRUE(y) << y.error().to_string();
        g.outputs = {*y};
        compare_modes(g, {values(x_type, c.x.elements(), 1)}, c.x.to_string());
      }
}

TEST(Conv3d, TheFastPathAgreesWithTheReference) {
  for (const Padding padding : {Padding::same, Padding::valid})
    for (const int step : {1, 2}) {
      Graph g;
      Builder b(g);
      const TensorId x = b.input("x", DType::f32, {2, 5, 7, 6, 4});
      const TensorId w = b.constant("w", DType::f32, {2, 3, 3, 4, 9}, Data::copy(values(DType::f32, 2 * 9 * 4 * 9, 2)));
      const TensorId bias = b.constant("b", DType::f32, {9}, Data::copy(values(DType::f32, 9, 3)));
      Conv3dAttrs attrs;
      attrs.stride_h = step;
      attrs.dilation_d = step;
      attrs.padding = padding;
      const auto y = b.op(Op::conv3d, {x, w, bias}, attrs, "y");
      ASSERT_TRUE(y) << y.error().to_string();
      g.outputs = {*y};
      compare_modes(g, {values(DType::f32, 2 * 5 * 7 * 6 * 4, 1)}, name(padding));
    }
}

// ---- refusals ----
class Refusals : public testing::Test {
 protected:
  TensorId f32(Shape shape) { return b.input("x", DType::f32, shape); }
  TensorId weights(Shape shape) {
    return b.constant("w", DType::f32, shape, Data::copy(values(DType::f32, shape.elements(), 1)));
  }
  TensorId state(Shape shape) { return b.variable("state", DType::f32, shape); }
  TensorId numbers(std::vector<int32_t> v) { return b.constant_i32("numbers", v); }
  void refuse(Op op, std::vector<TensorId> inputs, Attrs attrs, const char* why, int outputs = 1) {
    const auto y = b.node(op, std::move(inputs), std::move(attrs), "y", outputs);
    ASSERT_FALSE(y) << why;
    EXPECT_EQ(y.error().code, ErrorCode::bad_file) << y.error().to_string();
    EXPECT_NE(y.error().to_string().find(why), std::string::npos) << y.error().to_string();
  }
  Graph g;
  Builder b{g};
};

TEST_F(Refusals, BatchMatmul) {
  const BatchMatmulAttrs plain;
  refuse(Op::batch_matmul, {f32({2, 3}), f32({4, 5})}, plain, "has 3 columns");
  refuse(Op::batch_matmul, {f32({2, 2, 3}), f32({3, 3, 5})}, plain, "do not broadcast");
  refuse(Op::batch_matmul, {f32({3}), f32({3, 5})}, plain, "rank");
  refuse(Op::batch_matmul, {f32({1, 1, 1, 1, 2, 3}), f32({3, 5})}, plain, "rank");
  refuse(Op::batch_matmul, {f32({2, 3})}, plain, "takes 2 inputs");
  const TensorId x = b.input("x", DType::i8, {2, 3}), w = b.input("w", DType::i8, {3, 2});
  refuse(Op::batch_matmul, {x, w}, plain, "needs one scale");
}

TEST_F(Refusals, TransposeConv) {
  const TensorId x = f32({1, 4, 4, 3}), w = weights({5, 3, 3, 3});
  const TransposeConvAttrs two{2, 2, Padding::same, Activation::none};
  const auto with = [&](std::vector<int32_t> shape, const char* why) {
    refuse(Op::transpose_conv, {x, w, kNoTensor, numbers(std::move(shape))}, two, why);
  };
  with({1, 9, 8, 5}, "belongs to an input of");
  with({1, 8, 8, 4}, "asks for 4 channels");
  with({1, 8, 8}, "has 3 dimensions");
  with({1, -8, 8, 5}, "");
  with({1, 0, 8, 5}, "");
  const auto huge = b.op(Op::transpose_conv, {x, w, kNoTensor, numbers({1, 0x7FFFFFFF, 0x7FFFFFFF, 5})}, two, "y");
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().code, ErrorCode::unsupported);  // more elements than any tensor may have
  refuse(Op::transpose_conv, {x, w, kNoTensor, kNoTensor}, two, "left out");
  refuse(Op::transpose_conv, {x, w, weights({4}), numbers({1, 8, 8, 5})}, two, "must hold 5 values");
  refuse(Op::transpose_conv, {x, weights({5, 3, 3, 2}), kNoTensor, numbers({1, 8, 8, 5})}, two, "different numbers");
  refuse(Op::transpose_conv, {x, w, kNoTensor, numbers({1, 8, 8, 5})}, TransposeConvAttrs{0, 2}, "stride 0");
  refuse(Op::transpose_conv, {x, w, kNoTensor, numbers({1, 8, 8, 5})}, TransposeConvAttrs{-1, 2}, "stride -1");
  refuse(Op::transpose_conv, {x, f32({5, 0, 3, 3}), kNoTensor, numbers({1, 8, 8, 5})}, two, "kernel has height 0");
}

TEST_F(Refusals, Conv3d) {
  const TensorId x = f32({1, 3, 4, 4, 2}), w = weights({2, 2, 2, 2, 3});
  Conv3dAttrs attrs;
  refuse(Op::conv3d, {x, weights({2, 2, 2, 3, 3})}, attrs, "different numbers");
  refuse(Op::conv3d, {x, w, weights({2})}, attrs, "must hold 3 values");
  attrs.stride_d = 0;
  refuse(Op::conv3d, {x, w}, attrs, "stride 0");
  attrs.stride_d = 1;
  attrs.dilation_w = 0x7FFFFFFF;
  attrs.padding = Padding::valid;
  refuse(Op::conv3d, {x, w}, attrs, "does not fit");
  const Conv3dAttrs plain;
  const TensorId t = weights({2, 2, 2, 3, 2});
  refuse(Op::conv3d_transpose, {x, t, kNoTensor, numbers({1, 3, 4, 4})}, plain, "has 4 dimensions");
  refuse(Op::conv3d_transpose, {x, t, kNoTensor, numbers({1, 6, 4, 4, 3})}, plain, "along axis 1");
  refuse(Op::conv3d_transpose, {x, t, kNoTensor, numbers({1, 3, 4, 4, 2})}, plain, "asks for 2 channels");
}

TEST_F(Refusals, SmallOnes) {
  Pool2dAttrs pool;
  pool.filter_h = 0;
  refuse(Op::l2_pool, {f32({1, 4, 4, 1})}, pool, "kernel has height 0");
  pool.filter_h = 5;
  refuse(Op::l2_pool, {f32({1, 4, 4, 1})}, pool, "does not fit");
  refuse(Op::local_response_norm, {f32({1, 2, 2, 3})}, LocalResponseNormAttrs{-1, 1, 1, 1}, "negative");
  refuse(Op::local_response_norm, {f32({1, 2, 2, 3})}, LocalResponseNormAttrs{1, NAN, 1, 1}, "not finite");
  const TensorId one = weights({});
  refuse(Op::dilate, {f32({2, 2}), numbers({1, 0}), one}, DilateAttrs{}, "below 1");
  refuse(Op::dilate, {f32({2, 2}), numbers({1}), one}, DilateAttrs{}, "1 dilations");
  refuse(Op::dilate, {f32({2, 2}), numbers({1, 0x7FFFFFFF}), one}, DilateAttrs{}, "");
  refuse(Op::dilate, {f32({2, 2}), numbers({1, 1}), numbers({1})}, DilateAttrs{}, "padding value");
}

TEST_F(Refusals, Svdf) {
  const TensorId x = f32({2, 3}), wf = weights({4, 3}), wt = weights({4, 5}), s = state({2, 20});
  const auto with = [&](std::vector<TensorId> inputs, int rank, const char* why) {
    refuse(Op::svdf, std::move(inputs), SvdfAttrs{rank}, why);
  };
  with({x, wf, wt, kNoTensor, s}, 0, "do not divide");
  with({x, wf, wt, kNoTensor, s}, 3, "do not divide");
  with({x, wf, wt, kNoTensor, f32({2, 20})}, 2, "not a variable");
  with({x, wf, wt, kNoTensor, state({2, 19})}, 2, "must have the shape");
  with({x, wf, weights({3, 5}), kNoTensor, s}, 2, "must have the shape");
  with({x, wf, wt, weights({3}), s}, 2, "must have the shape");
  with({x, wf, wt, kNoTensor, kNoTensor}, 2, "left out");
}

TEST_F(Refusals, Rnn) {
  const TensorId x = f32({2, 3}), w = weights({4, 3}), r = weights({4, 4}), bias = weights({4}), h = state({2, 4});
  refuse(Op::rnn, {x, w, weights({4, 3}), bias, h}, RnnAttrs{}, "must have the shape");
  refuse(Op::rnn, {x, w, r, weights({3}), h}, RnnAttrs{}, "must have the shape");
  refuse(Op::rnn, {x, w, r, bias, state({1, 4})}, RnnAttrs{}, "must have the shape");
  refuse(Op::rnn, {x, w, r, bias, f32({2, 4})}, RnnAttrs{}, "not a variable");
  const TensorId seq = f32({2, 5, 3});
  refuse(Op::bidirectional_sequence_rnn, {seq, w, r, bias, h, w, r, bias, h, kNoTensor, kNoTensor, kNoTensor},
         RnnAttrs{}, "same state", 2);
  const TensorId other = state({2, 4});
  refuse(Op::bidirectional_sequence_rnn, {seq, w, r, bias, h, w, r, bias, other, f32({2, 4, 3}), kNoTensor, kNoTensor},
         RnnAttrs{}, "auxiliary input", 2);
  refuse(Op::bidirectional_sequence_rnn, {seq, w, r, bias, h, w, r, bias, other, f32({2, 5, 3}), w, kNoTensor},
         RnnAttrs{}, "one direction only", 2);
}

TEST_F(Refusals, LstmCell) {
  std::vector<TensorId> in(24, kNoTensor);
  in[0] = f32({2, 3});
  for (size_t gate = 0; gate < 4; ++gate) {
    in[1 + gate] = weights({4, 3});
    in[5 + gate] = weights({4, 4});
    in[12 + gate] = weights({4});
  }
  in[18] = state({2, 4});
  in[19] = state({2, 4});
  const auto with = [&](size_t i, TensorId t, const char* why) {
    std::vector<TensorId> changed = in;
    changed[i] = t;
    refuse(Op::lstm_cell, changed, LstmCellAttrs{}, why);
  };
  EXPECT_TRUE(b.op(Op::lstm_cell, in, LstmCellAttrs{}, "right"));
  with(1, kNoTensor, "although the input gate is");
  with(3, weights({4, 2}), "must have the shape");
  with(7, kNoTensor, "left out");
  with(12, kNoTensor, "although the input gate is");
  with(10, weights({4}), "some gates only");
  with(21, weights({4}), "some gates only");
  with(17, weights({4}), "no projection");
  with(18, f32({2, 4}), "not a variable");
  with(19, in[18], "same tensor");
  LstmCellAttrs clip;
  clip.cell_clip = -1;
  refuse(Op::lstm_cell, in, clip, "not a number from 0");
}

}  // namespace
}  // namespace thimble::test
