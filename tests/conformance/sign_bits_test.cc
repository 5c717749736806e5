// int8 networks whose tensors may lie flipped between their steps (runtime/sign_bits.h): random chains and branches of
// everything that can store or take such bytes, and of what cannot, on every instruction set in every form of weights
// against the reference.
#include <algorithm>

#include "base/random.h"
#include "harness.h"
#include "kernels/kernels.h"
#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/concatenation/concatenation.h"
#include "ops/conv2d/conv2d.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/pool2d/pool2d.h"
#include "ops/reshape/reshape.h"
#include "ops/softmax/softmax.h"
#include "ops/unary/unary.h"

namespace thimble::test {
namespace {

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  Graph make() {
    const TensorId x = b_.input("x", DType::i8, {1, 8, 6, 8});
    graph_.at(x).quant = some_quant();
    TensorId now = conv(x, 16, 3);
    for (int i = 0; i < 6; ++i) now = another(now);
    if (one_in(3)) graph_.outputs.push_back(now);  // seen from outside, and read
    const Shape shape = b_.at(now).shape;
    now = pool(now, Op::average_pool, shape[1], shape[2]);
    now = op(Op::reshape, {now}, ReshapeAttrs{{1, shape[3]}}, b_.at(now).quant);
    now = dense(now, 20);
    if (one_in(2)) now = dense(now, 8);
    if (one_in(2)) now = op(Op::softmax, {now}, SoftmaxAttrs{}, {{1.0f / 256}, {-128}, 0});
    graph_.outputs.push_back(now);
    return std::move(graph_);
  }

 private:
  bool one_in(uint64_t n) { return random_.below(n) == 0; }
  Quantization some_quant() {
    return {
        {0.02f + 0.01f * static_cast<float>(random_.below(8))}, {static_cast<int32_t>(random_.below(256)) - 128}, 0};
  }
  TensorId op(Op op, std::vector<TensorId> inputs, Attrs attrs, Quantization quant) {
    Tensor like{.type = DType::i8};
    like.quant = std::move(quant);
    const auto y = b_.op(op, std::move(inputs), std::move(attrs), format("t{}", graph_.nodes.size()), &like);
    EXPECT_TRUE(y) << y.error().to_string();
    return y ? *y : graph_.inputs[0];
  }
  TensorId weights(Shape shape, int axis) {
    std::vector<int8_t> w(static_cast<size_t>(shape.elements()));
    const bool few = one_in(3);  // values, so that they can lie as codes
    for (int8_t& v : w)
      v = static_cast<int8_t>(few ? 20 * static_cast<int>(random_.below(7)) - 60
                                  : static_cast<int>(random_.below(255)) - 127);
    if (one_in(3))
      for (size_t i = 0; i < w.size(); ++i)
        if (i / 16 % 4 != 0) w[i] = 0;
    Quantization q{{}, {}, axis};
    for (int64_t i = 0; i < shape[axis]; ++i)
      q.scale.push_back(0.002f + 0.0005f * static_cast<float>(i % 5)), q.zero_point.push_back(0);
    const TensorId t =
        b_.constant(format("w{}", graph_.tensors.size()), DType::i8, shape, Data::of(std::span<const int8_t>(w)));
    graph_.at(t).quant = q;
    return t;
  }
  TensorId bias(int64_t n) {
    std::vector<int32_t> values(static_cast<size_t>(n));
    for (int32_t& v : values) v = static_cast<int32_t>(random_.below(4001)) - 2000;
    return b_.constant(format("b{}", graph_.tensors.size()), DType::i32, Shape{n},
                       Data::of(std::span<const int32_t>(values)));
  }
  TensorId conv(TensorId x, int64_t outputs, int64_t size) {
    const int64_t channels = b_.at(x).shape[3];
    return op(Op::conv2d, {x, weights({outputs, size, size, channels}, 0), bias(outputs)},
              Conv2dAttrs{1, 1, 1, 1, Padding::same, one_in(2) ? Activation::relu : Activation::none}, some_quant());
  }
  TensorId depthwise(TensorId x) {
    const int64_t channels = b_.at(x).shape[3];
    DepthwiseConv2dAttrs attrs;
    attrs.padding = Padding::same;
    return op(Op::depthwise_conv2d, {x, weights({1, 3, 3, channels}, 3), bias(channels)}, attrs, some_quant());
  }
  TensorId pool(TensorId x, Op kind, int64_t h, int64_t w) {
    Pool2dAttrs attrs;
    attrs.filter_h = static_cast<int>(h);
    attrs.filter_w = static_cast<int>(w);
    attrs.stride_h = attrs.stride_w = 1;
    attrs.padding = h > 3 ? Padding::valid : Padding::same;
    return op(kind, {x}, attrs, b_.at(x).quant);
  }
  TensorId dense(TensorId x, int64_t outputs) {
    return op(Op::fully_connected, {x, weights({outputs, b_.at(x).shape[1]}, 0), bias(outputs)}, FullyConnectedAttrs{},
              some_quant());
  }
  TensorId another(TensorId x) {
    const int64_t channels = b_.at(x).shape[3];
    switch (random_.below(channels > 64 ? 7 : 9)) {
      case 0: return conv(x, channels, 1);
      case 1: return conv(x, 4 * (1 + static_cast<int64_t>(random_.below(6))), 3);
      case 2: return depthwise(x);
      case 3: return pool(x, Op::max_pool, 2, 2);
      case 4: return pool(x, Op::average_pool, 3, 3);
      case 5: {
        const Op kinds[] = {Op::add, Op::sub, Op::mul};
        const TensorId other = one_in(2) ? conv(x, channels, 3) : depthwise(x);
        return op(kinds[random_.below(3)], {x, other}, BinaryAttrs{}, some_quant());
      }
      case 6: return op(Op::hard_swish, {x}, UnaryAttrs{}, {{0.3f}, {-5}, 0});
      case 7: return op(Op::concatenation, {x, pool(x, Op::max_pool, 2, 2)}, ConcatenationAttrs{3}, b_.at(x).quant);
      default:
        return op(one_in(2) ? Op::maximum : Op::minimum, {x, pool(x, Op::max_pool, 3, 3)}, BinaryAttrs{},
                  b_.at(x).quant);
    }
  }

  Random random_;
  Graph graph_;
  Builder b_{graph_};
};

struct Answer {
  std::vector<Bytes> outputs;
  int flips = 0, flipped = 0;  // steps, tensors
};

Answer answer(const Graph& graph, const Bytes& input, const PlanOptions& options) {
  auto program = Program::plan(graph, options);
  EXPECT_TRUE(program) << program.error().to_string();
  Answer a;
  if (!program) return a;
  for (const StepPlan& step : (*program)->steps()) a.flips += step.name == "run_flip" ? 1 : 0;
  for (size_t t = 0; t < graph.tensors.size(); ++t) a.flipped += (*program)->flipped(static_cast<TensorId>(t)) ? 1 : 0;
  auto session = Session::create(*program);
  EXPECT_TRUE(session);
  std::ranges::copy(input, (*session)->input(0).begin());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE((*session)->run());
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const auto y = (*session)->output(i);
    a.outputs.emplace_back(y.begin(), y.end());
  }
  return a;
}

class SignBits : public testing::TestWithParam<const KernelTable*> {
 protected:
  void SetUp() override { force_isa(name(GetParam()->isa)); }
  void TearDown() override { force_isa(""); }
};

TEST_P(SignBits, MakeNoDifference) {
  int flipped = 0;
  for (uint64_t seed = 0; seed < 120; ++seed) {
    const Graph graph = Maker(seed).make();
    Bytes input(static_cast<size_t>(graph.at(graph.inputs[0]).bytes()));
    Random random(seed + 1000);
    for (uint8_t& v : input) v = static_cast<uint8_t>(random.below(256));
    const Answer want = answer(graph, input, {.reference_only = true});
    EXPECT_EQ(want.flipped, 0);
    for (const ConstantForm form : {ConstantForm::automatic, ConstantForm::sparse, ConstantForm::palette})
      for (int threads : {1, 2}) {
        const Answer got = answer(graph, input, {.threads = threads, .weights = form});
        ASSERT_EQ(got.outputs.size(), want.outputs.size());
        for (size_t i = 0; i < want.outputs.size(); ++i)
          ASSERT_EQ(difference_bytes(got.outputs[i], want.outputs[i]), "")
              << "seed " << seed << ", form " << static_cast<int>(form) << ", " << threads << " threads\n"
              << dump(graph);
        flipped += got.flipped;
      }
  }
  EXPECT_GT(flipped, 1000);
}

INSTANTIATE_TEST_SUITE_P(Isa, SignBits, testing::ValuesIn(available_kernels().begin(), available_kernels().end()),
                         [](const testing::TestParamInfo<const KernelTable*>& info) {
                           return std::string(name(info.param->isa));
                         });

// No step of the small networks only flips, but for what a graph's input needs.
TEST(SignBitsOfModels, NetworksHaveNoPassThatOnlyFlips) {
  for (const char* model : {"kws_ref_model", "vww_96_int8", "pretrainedResnet_quant", "ad01_int8"}) {
    auto graph = read_model(format("tests/models/mlperf-tiny/{}.tflite", model));
    ASSERT_TRUE(graph) << graph.error().to_string();
    const auto program = Program::plan(std::move(*graph));
    ASSERT_TRUE(program) << program.error().to_string();
    for (const StepPlan& step : (*program)->steps()) {
      if (step.name != "run_flip") continue;
      const Node& node = (*program)->graph().nodes[static_cast<size_t>(step.node)];
      EXPECT_EQ(node.inputs[0], (*program)->graph().inputs[0]) << model << ": " << node.name;
    }
  }
}

}  // namespace
}  // namespace thimble::test
