// The elementwise families, softmax, losses and dropout: fast paths against references, gradients
// against finite differences, decomposition and removal passes.
#include "gradient_check.h"
#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/dropout/dropout.h"
#include "ops/loss/loss.h"
#include "ops/softmax/softmax.h"
#include "ops/unary/unary.h"
#include "passes/decompose.h"
#include "passes/remove_training.h"
#include "train/grad.h"

namespace thimble::test {
namespace {

std::vector<Op> unary_operators() {
  std::vector<Op> all;
  for (const UnaryRow& row : unary_rows())
    if (all.empty() || all.back() != row.op) all.push_back(row.op);
  return all;
}
const std::vector<Op> kUnary = unary_operators();

bool positive_only(Op op) { return op == Op::log || op == Op::sqrt || op == Op::rsqrt; }

// 13 numbers inside the function's domain, away from poles and kinks.
std::vector<float> inside(Op op) {
  if (op == Op::asin || op == Op::acos || op == Op::atanh) return values(13, -0.87f, 0.14f);
  if (op == Op::tan) return values(13, -1.27f, 0.21f);
  return values(13, positive_only(op) ? 0.4f : op == Op::acosh ? 1.3f : -3.87f, 0.61f);
}

TEST(Map, FastUnaryEqualsReference) {
  for (const Op op : kUnary)
    for (const bool flag : {false, true}) {
      if (flag && op != Op::gelu) continue;
      Graph g;
      Builder b(g);
      const TensorId x = b.input("x", DType::f32, {4099});
      const auto y = b.op(op, {x}, UnaryAttrs{.alpha = op == Op::elu ? 1.3f : 0.2f, .approximate = flag}, "y");
      ASSERT_TRUE(y) << y.error().to_string();
      g.outputs = {*y};
      const auto input = bytes_of(values(4099, positive_only(op) ? 1e-3f : -12.0f, 0.006f));
      const auto want = run_graph(g, {input}, kModes[0]);
      for (const RunMode& mode : {kModes[1], kModes[2]}) {
        const auto got = run_graph(g, {input}, mode);
        ASSERT_TRUE(got) << got.error().to_string();
        const auto a = floats_of((*got)[0]), r = floats_of((*want)[0]);
        for (size_t i = 0; i < a.size(); ++i)
          if (!std::isnan(a[i]) || !std::isnan(r[i]))
            ASSERT_LE(std::fabs(a[i] - r[i]), 4e-7 * std::fabs(r[i]) + 1e-37)
                << name(op) << " at " << floats_of(input)[i];
      }
    }
}

TEST(Map, FastBinaryEqualsReferenceForAllBroadcasts) {
  const std::pair<Shape, Shape> shapes[] = {
      {{2, 3, 5}, {2, 3, 5}}, {{2, 3, 5}, {5}}, {{2, 3, 5}, {}}, {{3, 1}, {2, 3, 5}},
      {{2, 1, 5}, {1, 3, 1}}, {{1}, {4, 4}},    {{}, {}},        {{2, 1, 2, 1, 2, 1, 2, 3}, {2, 1, 2, 1, 2, 3}}};
  for (const Op op : {Op::add, Op::sub, Op::mul, Op::div, Op::maximum, Op::minimum, Op::squared_difference})
    for (const auto& [sa, sb] : shapes) {
      Graph g;
      Builder b(g);
      const TensorId p = b.input("a", DType::f32, sa), q = b.input("b", DType::f32, sb);
      const auto y = b.op(op, {p, q}, BinaryAttrs{op == Op::add ? Activation::relu6 : Activation::none}, "y");
      ASSERT_TRUE(y) << y.error().to_string();
      g.outputs = {*y};
      const std::vector<Bytes> inputs = {bytes_of(values(sa.elements(), -1.7f, 0.31f)),
                                         bytes_of(values(sb.elements(), 0.4f, 0.17f))};
      const auto want = run_graph(g, inputs, kModes[0]);
      for (const RunMode& mode : {kModes[1], kModes[2]})
        EXPECT_EQ(*run_graph(g, inputs, mode), *want) << name(op) << sa.to_string() << sb.to_string();
    }
}

// ---- gradients ----
TEST(MapGradient, Unary) {
  for (const Op op : kUnary) {
    if (op == Op::floor || op == Op::ceil || op == Op::round || op == Op::sign) continue;
    const auto at = inside(op);
    check_gradient(name(op),
                   [op](Builder& b, const auto& in) { return b.op(op, {in[0]}, UnaryAttrs{.alpha = 0.3f}, "y"); },
                   {{13}}, {at});
  }
  check_gradient(
      "gelu tanh",
      [](Builder& b, const auto& in) { return b.op(Op::gelu, {in[0]}, UnaryAttrs{.approximate = true}, "y"); }, {{13}},
      {values(13, -3.87f, 0.61f)});
}

TEST(MapGradient, BinaryWithBroadcasting) {
  const std::pair<Shape, Shape> shapes[] = {{{2, 3}, {2, 3}}, {{2, 3}, {3}},       {{3}, {2, 3}},
                                            {{2, 1}, {2, 3}}, {{2, 1, 3}, {4, 1}}, {{}, {2, 3}}};
  for (const Op op : {Op::add, Op::sub, Op::mul, Op::div, Op::maximum, Op::minimum, Op::squared_difference})
    for (const auto& [sa, sb] : shapes)
      check_gradient(format("{} {} {}", name(op), sa.to_string(), sb.to_string()),
                     [op](Builder& b, const auto& in) {
                       return b.op(op, {in[0], in[1]}, BinaryAttrs{}, "y");
                     },
                     {sa, sb}, {values(sa.elements(), 0.63f, 0.41f), values(sb.elements(), 0.9f, 0.37f)});
  check_gradient("add with relu6",
                 [](Builder& b, const auto& in) {
                   return b.op(Op::add, {in[0], in[1]}, BinaryAttrs{Activation::relu6}, "y");
                 },
                 {{7}, {7}}, {values(7, -4.1f, 1.9f), values(7, 0.3f, 0.4f)});
}

TEST(MapGradient, SoftmaxPreluAndLosses) {
  check_gradient("softmax",
                 [](Builder& b, const auto& in) { return b.op(Op::softmax, {in[0]}, SoftmaxAttrs{1.4f}, "y"); },
                 {{3, 5}}, {values(15, -1, 0.3f)});
  check_gradient("log_softmax", [](Builder& b, const auto& in) { return b.op(Op::log_softmax, {in[0]}, {}, "y"); },
                 {{3, 5}}, {values(15, -1, 0.3f)});
  check_gradient("prelu",
                 [](Builder& b, const auto& in) {
                   return b.op(Op::prelu, {in[0], in[1]}, {}, "y");
                 },
                 {{2, 3, 4}, {1, 4}}, {values(24, -3.05f, 0.27f), values(4, 0.1f, 0.2f)});
  const auto labelled = [](auto make) {
    return [make](Builder& b, const auto& in) {
      const std::vector<int32_t> labels = {2, 0, 7};  // the last is out of range: it contributes nothing
      return make(b, in[0], b.constant_i32("labels", labels));
    };
  };
  for (const float smoothing : {0.0f, 0.1f}) {
    check_gradient(
        "softmax_crossentropy", labelled([smoothing](Builder& b, TensorId x, TensorId t) -> Result<TensorId> {
          THIMBLE_ASSIGN(const auto y,
                         b.node(Op::softmax_crossentropy, {x, t}, SoftmaxCrossentropyAttrs{smoothing}, "loss", 2));
          return y[0];
        }),
        {{3, 5}}, {values(15, -1, 0.3f)});
    for (const LossKind kind : {LossKind::crossentropy, LossKind::nll})
      check_gradient(name(kind), labelled([=](Builder& b, TensorId x, TensorId t) {
                       return b.op(Op::loss, {x, t}, LossAttrs{kind, smoothing}, "loss");
                     }),
                     {{3, 5}}, {values(15, 0.1f, 0.05f)});
  }
  const auto dense = [](LossKind kind, float smoothing) {
    return [=](Builder& b, const auto& in) {
      return b.op(Op::loss, {in[0], b.constant_f32("t", {3, 5}, values(15, 0.045f, 0.104f))},
                  LossAttrs{kind, smoothing, 0.4f}, "loss");
    };
  };
  for (int k = 0; k < static_cast<int>(LossKind::count); ++k) {
    const auto kind = static_cast<LossKind>(k);
    check_gradient(name(kind), dense(kind, kind == LossKind::binary_crossentropy ? 0.1f : 0.0f), {{3, 5}},
                   {values(15, 0.11f, 0.052f)});
  }
}

TEST(Loss, ValuesByHand) {
  Graph g;
  Builder b(g);
  const std::vector<float> logits = {1, 2, 3, 1000, 0, -1000};
  const std::vector<int32_t> labels = {2, 2};
  const TensorId x = b.input("x", DType::f32, {2, 3});
  const auto y =
      b.node(Op::softmax_crossentropy, {x, b.constant_i32("t", labels)}, SoftmaxCrossentropyAttrs{}, "loss", 2);
  ASSERT_TRUE(y);
  g.outputs = {(*y)[0]};
  // log(1 + e^−1 + e^−2) = 0.40760596, and a label 2,000 below the largest logit costs 2,000.
  for (const RunMode& mode : kModes)
    EXPECT_NEAR(floats_of((*run_graph(g, {bytes_of(logits)}, mode))[0])[0], (0.40760596 + 2000) / 2, 1e-4) << mode.name;
}

// ---- dropout ----
Graph dropout_graph(float rate, int64_t layer, TensorId* step_input) {
  Graph g;
  Builder b(g);
  const TensorId x = b.input("x", DType::f32, {100003}), step = b.input("step", DType::i32, {1});
  *step_input = step;
  g.outputs = {*b.op(Op::dropout, {x, step}, DropoutAttrs{rate, 42, layer}, "y")};
  return g;
}
Bytes one_int(int32_t v) { return Bytes((const uint8_t*)&v, (const uint8_t*)(&v + 1)); }

TEST(Dropout, MaskIsAFunctionOfSeedStepAndLayer) {
  TensorId step;
  const Graph g = dropout_graph(0.3f, 1, &step), other = dropout_graph(0.3f, 2, &step);
  const auto ones = bytes_of(std::vector<float>(100003, 1.0f));
  const auto first = *run_graph(g, {ones, one_int(5)}, kModes[0]);
  for (const RunMode& mode : kModes) EXPECT_EQ(*run_graph(g, {ones, one_int(5)}, mode), first) << mode.name;
  const auto agreement = [&](const std::vector<Bytes>& second) {
    const auto a = floats_of(first[0]), c = floats_of(second[0]);
    double same = 0;
    for (size_t i = 0; i < a.size(); ++i) same += a[i] == c[i];
    return same / static_cast<double>(a.size());
  };
  EXPECT_NEAR(agreement(*run_graph(g, {ones, one_int(6)}, kModes[1])), 0.7 * 0.7 + 0.3 * 0.3, 0.01);
  EXPECT_NEAR(agreement(*run_graph(other, {ones, one_int(5)}, kModes[1])), 0.7 * 0.7 + 0.3 * 0.3, 0.01);
  double sum = 0, zeros = 0;
  for (float v : floats_of(first[0])) {
    sum += v;
    zeros += v == 0;
    EXPECT_TRUE(v == 0 || std::fabs(v - 1 / 0.7f) < 1e-4f);
  }
  EXPECT_NEAR(zeros / 100003, 0.3, 0.006);
  EXPECT_NEAR(sum / 100003, 1, 0.01);
}

TEST(Dropout, GradientUsesTheSameMask) {
  TensorId step;
  Graph g = dropout_graph(0.5f, 0, &step);
  Builder b(g);
  const TensorId y = g.outputs[0];
  const auto loss = weighted_sum(b, y, std::vector<float>(100003, 1.0f));
  const TensorId wanted[] = {g.inputs[0]};
  const auto d = differentiate(b, *loss, wanted);
  ASSERT_TRUE(d) << d.error().to_string();
  g.outputs = {y, (*d)[0]};
  const auto out = *run_graph(g, {bytes_of(std::vector<float>(100003, 1.0f)), one_int(3)}, kModes[1]);
  EXPECT_EQ(out[0], out[1]);  // x is 1, so y is the mask times its scale
}

TEST(Dropout, RemovedForInference) {
  TensorId step;
  Graph g = dropout_graph(0.5f, 0, &step);
  Builder b(g);
  g.outputs = {*b.op(Op::relu, {g.outputs[0]}, {}, "z")};
  EXPECT_EQ(remove_training(g), 1);
  ASSERT_EQ(g.nodes.size(), 1u);
  EXPECT_EQ(g.nodes[0].inputs[0], g.inputs[0]);
  EXPECT_TRUE(verify(g));
}

// ---- decomposition ----
TEST(Decompose, StaysWithinAMillionthAndIsWritable) {
  for (const Op op : {Op::selu, Op::silu, Op::mish, Op::softplus, Op::softsign, Op::hard_sigmoid, Op::elu}) {
    Graph g;
    Builder b(g);
    const TensorId x = b.input("x", DType::f32, {1001});
    g.outputs = {*b.op(op, {x}, UnaryAttrs{.alpha = 0.7f}, "y")};
    const auto input = bytes_of(values(1001, -20, 0.04f));
    const auto want = floats_of((*run_graph(g, {input}, kModes[0]))[0]);
    ASSERT_FALSE(write_tflite(g));
    const auto count = decompose(g);
    ASSERT_TRUE(count) << count.error().to_string();
    EXPECT_EQ(count->count, 1);
    ASSERT_TRUE(verify(g));
    const auto file = write_tflite(g);
    ASSERT_TRUE(file) << file.error().to_string();
    const auto again = read_tflite(*file);
    ASSERT_TRUE(again) << again.error().to_string();
    const auto got = floats_of((*run_graph(*again, {input}, kModes[1]))[0]);
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_NEAR(got[i], want[i], 1e-6 * std::max(1.0f, std::fabs(want[i]))) << name(op) << i;
  }
}

}  // namespace
}  // namespace thimble::test
