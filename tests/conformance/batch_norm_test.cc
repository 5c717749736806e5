// Batch normalisation against Keras, its fast path against the reference, and its removal.
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "harness.h"
#include "ops/batch_norm/batch_norm.h"
#include "ops/builder.h"
#include "ops/conv2d/conv2d.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/pool2d/pool2d.h"
#include "ops/reshape/reshape.h"
#include "ops/unary/unary.h"
#include "passes/fold_batch_norm.h"

namespace thimble::test {
namespace {

using Floats = std::vector<float>;

Bytes bytes_of(const Floats& values) {
  Bytes out(values.size() * 4);
  std::memcpy(out.data(), values.data(), out.size());
  return out;
}

Floats random_floats(uint64_t seed, int64_t n, float lo, float hi) {
  Floats values;
  for (int64_t i = 0; i < n; ++i)
    values.push_back(
        lo + (hi - lo) * static_cast<float>(static_cast<double>(random_bits(seed, 3, static_cast<uint64_t>(i)) >> 11) *
                                            0x1p-53));
  return values;
}

struct Norm {
  Floats gamma, beta, mean, variance;
  BatchNormAttrs attrs;
};

Norm random_norm(uint64_t seed, int64_t channels) {
  return {random_floats(seed, channels, 0.5f, 2),
          random_floats(seed + 1, channels, -1, 1),
          random_floats(seed + 2, channels, -1, 1),
          random_floats(seed + 3, channels, 0.1f, 2),
          {}};
}

// The operator and its gradient; outputs y, dx, dgamma, dbeta (and the tensor ids of the statistics).
struct NormGraph {
  Graph graph;
  TensorId mean, variance;
};

NormGraph norm_graph(const Norm& norm, const Shape& shape) {
  NormGraph g;
  Builder b(g.graph);
  const Shape channels{shape.dim(-1)};
  const TensorId x = b.input("x", DType::f32, shape), dy = b.input("dy", DType::f32, shape);
  const TensorId gamma = b.constant_f32("gamma", channels, norm.gamma),
                 beta = b.constant_f32("beta", channels, norm.beta);
  g.mean = b.variable("mean", DType::f32, channels, Data::of(std::span<const float>(norm.mean)));
  g.variance = b.variable("variance", DType::f32, channels, Data::of(std::span<const float>(norm.variance)));
  const auto y =
      b.node(Op::batch_norm, {x, gamma, beta, g.mean, g.variance}, norm.attrs, "y", norm.attrs.training ? 3 : 1);
  EXPECT_TRUE(y) << y.error().to_string();
  const TensorId mean = norm.attrs.training ? (*y)[1] : g.mean, deviation = norm.attrs.training ? (*y)[2] : g.variance;
  const auto grads = b.node(Op::batch_norm_grad, {x, gamma, mean, deviation, dy}, norm.attrs, "dx", 3);
  EXPECT_TRUE(grads) << grads.error().to_string();
  g.graph.outputs = {(*y)[0], (*grads)[0], (*grads)[1], (*grads)[2]};
  return g;
}

// Outputs, then the running mean and variance after one run.
std::vector<Bytes> run_norm(const NormGraph& g, const Bytes& x, const Bytes& dy, const RunMode& mode) {
  auto program = Program::plan(g.graph, {.threads = mode.threads, .reference_only = mode.reference_only});
  EXPECT_TRUE(program) << program.error().to_string();
  auto session = Session::create(*program);
  EXPECT_TRUE(session);
  std::memcpy((*session)->input(0).data(), x.data(), x.size());
  std::memcpy((*session)->input(1).data(), dy.data(), dy.size());
  (*session)->run();
  std::vector<Bytes> results;
  for (size_t i = 0; i < 4; ++i) results.emplace_back((*session)->output(i).begin(), (*session)->output(i).end());
  for (TensorId t : {g.mean, g.variance})
    results.emplace_back((*session)->tensor(t).begin(), (*session)->tensor(t).end());
  return results;
}

TEST(BatchNorm, EqualsKeras) {
  const auto golden = nlohmann::json::parse(std::ifstream("tests/goldens/optimizers/layers.json"))["batch_norm"];
  const auto values = [&](const char* key) { return golden[key].get<Floats>(); };
  Norm norm{values("gamma"), values("beta"), values("moving_mean"), values("moving_variance"), {}};
  norm.attrs.momentum = golden["momentum"];
  norm.attrs.epsilon = golden["epsilon"];
  const auto dims = golden["shape"].get<std::vector<int64_t>>();
  const Shape shape = *Shape::make(std::span<const int64_t>(dims));
  const Bytes x = bytes_of(values("x")), dy = bytes_of(values("upstream"));
  for (const RunMode& mode : kModes) {
    norm.attrs.training = false;
    EXPECT_EQ(
        difference_floats(run_norm(norm_graph(norm, shape), x, dy, mode)[0], bytes_of(values("y_inference")), 1e-6), "")
        << mode.name;
    norm.attrs.training = true;
    const auto results = run_norm(norm_graph(norm, shape), x, dy, mode);
    const char* keys[] = {"y_training", "dx", "dgamma", "dbeta", "moving_mean_after", "moving_variance_after"};
    for (size_t i = 0; i < 6; ++i)
      EXPECT_EQ(difference_floats(results[i], bytes_of(values(keys[i])), 2e-6), "") << mode.name << " " << keys[i];
  }
}

TEST(BatchNorm, FastEqualsReference) {
  for (const bool training : {true, false})
    for (const Shape& shape : {Shape{1, 5}, Shape{300, 1}, Shape{8, 14, 14, 33}, Shape{4, 9, 7, 3}, Shape{1000, 64}}) {
      Norm norm = random_norm(5, shape.dim(-1));
      norm.attrs.training = training;
      const NormGraph g = norm_graph(norm, shape);
      const Bytes x = bytes_of(random_floats(9, shape.elements(), 2, 4)),
                  dy = bytes_of(random_floats(10, shape.elements(), -1, 1));
      const auto reference = run_norm(g, x, dy, kModes[0]), one = run_norm(g, x, dy, kModes[1]),
                 two = run_norm(g, x, dy, kModes[2]);
      EXPECT_EQ(one, two);
      for (size_t i = 0; i < one.size(); ++i)
        EXPECT_EQ(difference_floats(one[i], reference[i], 1e-5), "")
            << shape.to_string() << " training " << training << " result " << i;
    }
}

// conv (no bias) → bn → depthwise (bias) → bn → conv with relu → bn → dense → bn.
TEST(FoldBatchNorm, KeepsTheFunction) {
  Graph graph;
  Builder b(graph);
  const auto weights = [&](const char* name, Shape shape, uint64_t seed) {
    return b.constant_f32(name, shape, random_floats(seed, shape.elements(), -0.5f, 0.5f));
  };
  const auto norm = [&](TensorId x, uint64_t seed, bool training) {
    const Norm n = random_norm(seed, b.at(x).shape.dim(-1));
    const Shape c{b.at(x).shape.dim(-1)};
    std::vector<TensorId> inputs = {x, b.constant_f32("gamma", c, n.gamma), b.constant_f32("beta", c, n.beta)};
    inputs.push_back(b.constant_f32("mean", c, n.mean));
    inputs.push_back(b.constant_f32("variance", c, n.variance));
    return *b.op(Op::batch_norm, inputs, BatchNormAttrs{.training = training}, format("bn{}", seed));
  };
  const TensorId x = b.input("x", DType::f32, Shape{2, 6, 6, 3});
  TensorId t = *b.op(Op::conv2d, {x, weights("w1", {8, 3, 3, 3}, 1)}, Conv2dAttrs{}, "conv1");
  t = norm(t, 20, false);
  t = *b.op(Op::depthwise_conv2d, {t, weights("w2", {1, 3, 3, 8}, 2), weights("b2", {8}, 3)}, Conv2dAttrs{},
            "depthwise");
  t = norm(t, 30, false);
  t = *b.op(Op::conv2d, {t, weights("w3", {4, 1, 1, 8}, 4)}, Conv2dAttrs{.activation = Activation::relu}, "conv2");
  t = norm(t, 40, false);
  t = *b.op(Op::fully_connected, {t, weights("w4", {7, 144}, 5), weights("b4", {7}, 6)}, FullyConnectedAttrs{},
            "dense");
  t = norm(t, 50, false);
  graph.outputs = {t};
  ASSERT_TRUE(verify(graph));
  Graph folded = graph;
  const auto result = fold_batch_norm(folded);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->folded, 4);
  EXPECT_EQ(result->separate, 0);
  for (const Node& node : folded.nodes) EXPECT_NE(node.op, Op::batch_norm);
  const Bytes input = bytes_of(random_floats(77, 2 * 6 * 6 * 3, -1, 1));
  const auto before = run_graph(graph, {input}, kModes[0]), after = run_graph(folded, {input}, kModes[0]);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(difference_floats((*after)[0], (*before)[0], 1e-5), "");
}

// conv with relu → bn → (what may stand between) → layer.
struct NextCase {
  const char* name;
  Op between;  // Op::count: nothing
  Op layer;
  Padding padding = Padding::valid;
  bool negative = false;  // one scale is below 0
  bool folds = true;
  int groups = 1;
};

TEST(FoldBatchNorm, IntoTheNextLayerWhereThatIsExact) {
  for (const NextCase& c : {
           NextCase{"conv", Op::count, Op::conv2d},
           NextCase{"groups", Op::count, Op::conv2d, Padding::valid, false, true, 2},
           NextCase{"padded conv", Op::count, Op::conv2d, Padding::same, false, false},
           NextCase{"depthwise", Op::count, Op::depthwise_conv2d},
           NextCase{"dense", Op::count, Op::fully_connected},
           NextCase{"flatten", Op::reshape, Op::fully_connected},
           NextCase{"average", Op::average_pool, Op::conv2d},
           NextCase{"padded average", Op::average_pool, Op::conv2d, Padding::valid, true},
           NextCase{"maximum", Op::max_pool, Op::conv2d},
           NextCase{"negative scale", Op::max_pool, Op::conv2d, Padding::valid, true, false},
           NextCase{"activation between", Op::relu, Op::conv2d, Padding::valid, false, false},
       }) {
    Graph graph;
    Builder b(graph);
    const auto constant = [&](const char* name, Shape shape, uint64_t seed) {
      return b.constant_f32(name, shape, random_floats(seed, shape.elements(), -0.5f, 0.5f));
    };
    const TensorId x = b.input("x", DType::f32, Shape{2, 9, 9, 3});
    TensorId t = *b.op(Op::conv2d, {x, constant("w1", {8, 2, 2, 3}, 1), constant("b1", {8}, 2)},
                       Conv2dAttrs{.padding = Padding::valid, .activation = Activation::relu}, "conv1");
    Norm n = random_norm(7, 8);
    if (c.negative) n.gamma[3] = -n.gamma[3];
    t = *b.op(Op::batch_norm,
              {t, b.constant_f32("gamma", {8}, n.gamma), b.constant_f32("beta", {8}, n.beta),
               b.constant_f32("mean", {8}, n.mean), b.constant_f32("variance", {8}, n.variance)},
              BatchNormAttrs{}, "norm");
    if (c.between == Op::reshape) {
      const int32_t flat[] = {2, 512};
      t = *b.op(Op::reshape, {t, b.constant_i32("flat", flat)}, ReshapeAttrs{}, "between");
    } else if (c.between == Op::relu) {
      t = *b.op(Op::relu, {t}, UnaryAttrs{}, "between");
    } else if (c.between != Op::count) {
      t = *b.op(c.between, {t}, Pool2dAttrs{2, 2, 2, 2, c.negative ? Padding::same : Padding::valid}, "between");
    }
    if (c.layer == Op::fully_connected)
      t = *b.op(c.layer, {t, constant("w2", {5, 512}, 3)}, FullyConnectedAttrs{}, "layer");
    else if (c.layer == Op::depthwise_conv2d)
      t = *b.op(c.layer, {t, constant("w2", {1, 3, 3, 16}, 3), constant("b2", {16}, 4)},
                Conv2dAttrs{.padding = c.padding}, "layer");
    else
      t = *b.op(c.layer, {t, constant("w2", {6, 2, 2, 8 / c.groups}, 3), constant("b2", {6}, 4)},
                Conv2dAttrs{.padding = c.padding}, "layer");
    graph.outputs = {t};
    ASSERT_TRUE(verify(graph)) << c.name;
    Graph folded = graph;
    const auto result = fold_batch_norm(folded);
    ASSERT_TRUE(result) << c.name << result.error().to_string();
    EXPECT_EQ(result->folded, c.folds ? 1 : 0) << c.name;
    EXPECT_EQ(standing_affines(folded).size(), c.folds ? 0u : 1u) << c.name;
    const Bytes input = bytes_of(random_floats(77, 2 * 9 * 9 * 3, -1, 1));
    const auto before = run_graph(graph, {input}, kModes[0]), after = run_graph(folded, {input}, kModes[0]);
    ASSERT_TRUE(before && after) << c.name;
    EXPECT_EQ(difference_floats((*after)[0], (*before)[0], 1e-5), "") << c.name;
  }
}

TEST(FoldBatchNorm, RefusesVariables) {
  NormGraph g = norm_graph(random_norm(1, 4), Shape{2, 4});
  g.graph.outputs.resize(1);
  const auto result = fold_batch_norm(g.graph);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().to_string().find("not a constant"), std::string::npos);
  EXPECT_TRUE(verify(g.graph));
}

}  // namespace
}  // namespace thimble::test
