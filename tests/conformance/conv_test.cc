// Convolutions and pools: fast paths against the references over many shapes, bits for one and two
// threads, and the gradient operators against differences of the forward reference (which is linear
// in each argument, so that a difference with a large step is the derivative).
#include "base/random.h"
#include "harness.h"
#include "ops/builder.h"
#include "ops/conv2d/conv2d.h"
#include "ops/pool2d/pool2d.h"

namespace thimble::test {
namespace {

struct Case {
  int64_t n, h, w, c, o, k_h, k_w;
  int stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  Padding padding = Padding::same;
  Activation activation = Activation::none;
};

const Case kCases[] = {
    {1, 5, 5, 3, 4, 3, 3},
    {2, 7, 6, 5, 9, 3, 2, 2, 1},
    {1, 8, 8, 1, 16, 5, 5, 1, 1, 1, 1, Padding::valid, Activation::relu},
    {3, 9, 4, 2, 3, 3, 1, 1, 3, 2, 1},
    {1, 6, 6, 8, 8, 1, 1},
    {2, 6, 6, 8, 8, 1, 1, 2, 2},
    {1, 1, 1, 17, 5, 3, 3},
    {1, 3, 3, 4, 33, 3, 3, 1, 1, 1, 1, Padding::valid, Activation::relu6},
    {2, 11, 7, 6, 10, 3, 3, 1, 1, 3, 2, Padding::same, Activation::relu_n1_to_1},
    {1, 4, 4, 2, 3, 7, 7},
    {4, 28, 28, 1, 32, 3, 3, 1, 1, 1, 1, Padding::valid},
    {4, 13, 13, 32, 64, 3, 3, 1, 1, 1, 1, Padding::valid, Activation::relu},
    {2, 32, 32, 3, 16, 3, 3, 2, 2},
    {1, 16, 16, 64, 128, 1, 1},
    {3, 14, 10, 40, 24, 3, 3, 2, 1},
};

class Source {
 public:
  explicit Source(uint64_t seed) : seed_(seed) {}
  uint64_t next() { return random_bits(seed_, 1, at_++); }
  float real(float range) { return static_cast<float>((static_cast<double>(next() >> 11) * 0x1p-53 * 2 - 1) * range); }
  Bytes bytes(DType type, int64_t count, float range = 1) {
    Bytes data(static_cast<size_t>(count * bits(type) / 8));
    for (int64_t i = 0; i < count; ++i) {
      const float v = real(range);
      const auto word = static_cast<int32_t>(next() % 20001) - 10000;
      if (type == DType::f32) std::memcpy(&data[static_cast<size_t>(i) * 4], &v, 4);
      if (type == DType::i32) std::memcpy(&data[static_cast<size_t>(i) * 4], &word, 4);
      if (bits(type) == 8) data[static_cast<size_t>(i)] = static_cast<uint8_t>(next());
    }
    return data;
  }

 private:
  uint64_t seed_, at_ = 0;
};

Quantization per_tensor(float scale, int32_t zero) { return {{scale}, {zero}, 0}; }

std::string place(const Case& c) {
  return format("{}x{}x{}x{} -> {}, kernel {}x{}, stride {}x{}, dilation {}x{}, {} {}", c.n, c.h, c.w, c.c, c.o, c.k_h,
                c.k_w, c.stride_h, c.stride_w, c.dilation_h, c.dilation_w, name(c.padding), name(c.activation));
}

Conv2dAttrs conv_attrs(const Case& c) {
  return {c.stride_h, c.stride_w, c.dilation_h, c.dilation_w, c.padding, c.activation};
}

// One convolution with constant weights. `w_scales`: 0 per tensor, 1 per channel with unequal scales.
Graph conv_graph(Op op, const Case& c, DType x_type, DType w_type, bool bias, bool per_channel, uint64_t seed) {
  Source source(seed);
  Graph graph;
  Builder b(graph);
  const TensorId x = b.input("x", x_type, Shape{c.n, c.h, c.w, c.c});
  const bool depthwise = op == Op::depthwise_conv2d;
  const int64_t outputs = depthwise ? c.c * (c.o % 3 == 0 ? 3 : 1) : c.o;
  const Shape ws = depthwise ? Shape{1, c.k_h, c.k_w, outputs} : Shape{c.o, c.k_h, c.k_w, c.c};
  Bytes weights = source.bytes(w_type, ws.elements());
  if (w_type == DType::i8)
    for (uint8_t& v : weights) v = v == 0x80 ? 0x81 : v;  // −128 is not a weight
  const TensorId w = b.constant("w", w_type, ws, Data::copy(weights));
  if (w_type != DType::f32) {
    Quantization q{{}, {}, depthwise ? 3 : 0};
    for (int64_t i = 0; i < (per_channel ? outputs : 1); ++i) {
      q.scale.push_back(0.002f + 0.001f * static_cast<float>(i % 7));
      q.zero_point.push_back(w_type != DType::u8 ? 0 : seed % 3 == 0 ? 0 : 119);  // 255 - 0 fits no two int8
    }
    graph.at(w).quant = q;
  }
  std::vector<TensorId> inputs = {x, w};
  Tensor like{.type = x_type};
  if (x_type != DType::f32) {
    graph.at(x).quant = per_tensor(0.05f, x_type == DType::u8 ? 131 : -7);
    like.quant = per_tensor(0.11f, x_type == DType::u8 ? 120 : 3);
  }
  const DType bias_type = x_type == DType::f32 ? DType::f32 : DType::i32;
  if (bias) inputs.push_back(b.constant("b", bias_type, Shape{outputs}, Data::copy(source.bytes(bias_type, outputs))));
  const auto y = b.op(op, inputs, conv_attrs(c), "y", &like);
  EXPECT_TRUE(y) << y.error().to_string();
  if (y) graph.outputs = {*y};
  return graph;
}

// Runs in every mode: reference against fast (bit-equal or within tolerance), two threads bit-equal to one.
void compare_modes(const Graph& graph, const std::vector<Bytes>& inputs, double tolerance, const std::string& what) {
  std::vector<std::vector<Bytes>> results;
  for (const RunMode& mode : kModes) {
    auto outputs = run_graph(graph, inputs, mode);
    ASSERT_TRUE(outputs) << what << ": " << outputs.error().to_string();
    results.push_back(std::move(*outputs));
  }
  for (size_t i = 0; i < results[0].size(); ++i) {
    const bool floats = graph.at(graph.outputs[i]).type == DType::f32 && tolerance > 0;
    EXPECT_EQ(floats ? difference_floats(results[1][i], results[0][i], tolerance)
                     : difference_bytes(results[1][i], results[0][i]),
              "")
        << what << ", output " << i;
    EXPECT_EQ(results[2][i], results[1][i]) << what << ": two threads give other bits than one";
  }
}

class Weighted : public testing::TestWithParam<Op> {};

TEST_P(Weighted, FastEqualsReference) {
  const std::pair<DType, DType> types[] = {
      {DType::f32, DType::f32}, {DType::i8, DType::i8}, {DType::f32, DType::i8}, {DType::u8, DType::u8}};
  uint64_t seed = 1;
  for (const Case& c : kCases)
    for (const auto& [x_type, w_type] : types)
      for (const bool bias : {true, false}) {
        ++seed;
        const bool per_channel = w_type == DType::i8 && seed % 2 == 0;
        const Graph graph = conv_graph(GetParam(), c, x_type, w_type, bias, per_channel, seed);
        Source source(seed + 1000);
        const bool exact = x_type != DType::f32 || w_type == DType::i8;
        compare_modes(graph, {source.bytes(x_type, c.n * c.h * c.w * c.c)}, exact ? 0 : 1e-5,
                      place(c) + " " + name(x_type) + " × " + name(w_type));
      }
}
INSTANTIATE_TEST_SUITE_P(Conv, Weighted, testing::Values(Op::conv2d, Op::depthwise_conv2d),
                         [](const auto& op) { return std::string(name(op.param)); });

TEST(Pool, FastEqualsReference) {
  uint64_t seed = 7;
  for (const Case& c : kCases)
    for (const Op op : {Op::max_pool, Op::average_pool})
      for (const DType type : {DType::f32, DType::i8, DType::u8}) {
        if (c.padding == Padding::valid && (c.k_h > c.h || c.k_w > c.w)) continue;
        Graph graph;
        Builder b(graph);
        const TensorId x = b.input("x", type, Shape{c.n, c.h, c.w, c.c});
        Tensor like{.type = type};
        if (type != DType::f32) graph.at(x).quant = like.quant = per_tensor(0.04f, type == DType::u8 ? 100 : -5);
        const Pool2dAttrs attrs{
            static_cast<int>(c.k_h), static_cast<int>(c.k_w), c.stride_h, c.stride_w, c.padding, c.activation};
        const auto y = b.op(op, {x}, attrs, "y", &like);
        ASSERT_TRUE(y) << y.error().to_string();
        graph.outputs = {*y};
        Source source(++seed);
        compare_modes(graph, {source.bytes(type, c.n * c.h * c.w * c.c)}, type == DType::f32 ? 1e-6 : 0,
                      place(c) + " " + name(op) + " " + name(type));
      }
}

// y = f(x, w) and the gradient operators of one case, all as graph inputs and outputs.
struct GradientGraph {
  Graph forward, backward;  // inputs x, w -> y;  x, w, dy -> dx, dw
};

GradientGraph gradient_graph(Op op, const Case& c) {
  GradientGraph g;
  const bool depthwise = op == Op::depthwise_conv2d;
  const Shape xs{c.n, c.h, c.w, c.c},
      ws = depthwise ? Shape{1, c.k_h, c.k_w, c.c * (c.o % 3 == 0 ? 3 : 1)} : Shape{c.o, c.k_h, c.k_w, c.c};
  Conv2dAttrs attrs = conv_attrs(c);
  attrs.activation = Activation::none;
  Builder f(g.forward), b(g.backward);
  const TensorId x = f.input("x", DType::f32, xs), w = f.input("w", DType::f32, ws);
  const auto y = f.op(op, {x, w}, attrs, "y");
  EXPECT_TRUE(y) << y.error().to_string();
  g.forward.outputs = {*y};
  const TensorId bx = b.input("x", DType::f32, xs), bw = b.input("w", DType::f32, ws),
                 dy = b.input("dy", DType::f32, f.at(*y).shape);
  const auto dx = b.op(depthwise ? Op::depthwise_conv2d_grad_input : Op::conv2d_grad_input, {dy, bw, bx}, attrs, "dx");
  const auto dw =
      b.op(depthwise ? Op::depthwise_conv2d_grad_weights : Op::conv2d_grad_weights, {bx, dy, bw}, attrs, "dw");
  EXPECT_TRUE(dx && dw);
  g.backward.outputs = {*dx, *dw};
  return g;
}

float* floats(Bytes& bytes) { return reinterpret_cast<float*>(bytes.data()); }

double weighted_sum(const Graph& graph, const std::vector<Bytes>& inputs, Bytes& dy) {
  auto y = run_graph(graph, inputs, kModes[0]);
  EXPECT_TRUE(y);
  double sum = 0;
  for (size_t i = 0; i < dy.size() / 4; ++i) sum += static_cast<double>(floats((*y)[0])[i]) * floats(dy)[i];
  return sum;
}

TEST_P(Weighted, GradientsFastEqualReference) {
  uint64_t seed = 50;
  for (const Case& c : kCases) {
    const GradientGraph g = gradient_graph(GetParam(), c);
    Source source(++seed);
    std::vector<Bytes> inputs;
    for (TensorId t : g.backward.inputs) inputs.push_back(source.bytes(DType::f32, g.backward.at(t).shape.elements()));
    compare_modes(g.backward, inputs, 1e-5, place(c));
  }
}

TEST_P(Weighted, GradientsEqualDifferences) {
  uint64_t seed = 90;
  for (const Case& c : kCases) {
    if (c.n * c.h * c.w * c.c > 1000) continue;
    const GradientGraph g = gradient_graph(GetParam(), c);
    Source source(++seed);
    std::vector<Bytes> inputs;
    for (TensorId t : g.backward.inputs) inputs.push_back(source.bytes(DType::f32, g.backward.at(t).shape.elements()));
    auto grads = run_graph(g.backward, inputs, kModes[0]);
    ASSERT_TRUE(grads) << grads.error().to_string();
    Bytes dy = inputs[2];
    inputs.pop_back();
    for (size_t which = 0; which < 2; ++which)
      for (int probe = 0; probe < 6; ++probe) {
        const size_t at = source.next() % (inputs[which].size() / 4);
        std::vector<Bytes> moved = inputs;
        floats(moved[which])[at] += 1;
        const double step = static_cast<double>(floats(moved[which])[at]) - floats(inputs[which])[at];
        const double slope = (weighted_sum(g.forward, moved, dy) - weighted_sum(g.forward, inputs, dy)) / step;
        EXPECT_NEAR(floats((*grads)[which])[at], slope, 2e-4) << place(c) << (which ? " dw " : " dx ") << at;
      }
  }
}

TEST(Pool, Gradients) {
  uint64_t seed = 130;
  for (const Case& c : kCases)
    for (const Op op : {Op::max_pool, Op::average_pool}) {
      const Pool2dAttrs attrs{static_cast<int>(c.k_h), static_cast<int>(c.k_w), c.stride_h, c.stride_w, c.padding};
      const Shape xs{c.n, c.h, c.w, c.c};
      Graph forward, backward;
      Builder f(forward), b(backward);
      const TensorId x = f.input("x", DType::f32, xs);
      const auto y = f.op(op, {x}, attrs, "y");
      ASSERT_TRUE(y) << y.error().to_string();
      forward.outputs = {*y};
      const TensorId bx = b.input("x", DType::f32, xs), bdy = b.input("dy", DType::f32, f.at(*y).shape);
      const auto dx = b.op(op == Op::max_pool ? Op::max_pool_grad : Op::average_pool_grad, {bx, bdy}, attrs, "dx");
      ASSERT_TRUE(dx) << dx.error().to_string();
      backward.outputs = {*dx};
      Source source(++seed);
      Bytes values = source.bytes(DType::f32, xs.elements()), dy = source.bytes(DType::f32, f.at(*y).shape.elements());
      compare_modes(backward, {values, dy}, 1e-6, place(c) + " " + name(op));
      if (xs.elements() > 1000) continue;
      // Values far enough apart that the step changes no maximum.
      for (size_t i = 0; i < values.size() / 4; ++i) {
        const size_t other = source.next() % (i + 1);
        floats(values)[i] = floats(values)[other];
        floats(values)[other] = 0.01f * static_cast<float>(i);
      }
      auto grad = run_graph(backward, {values, dy}, kModes[0]);
      ASSERT_TRUE(grad);
      for (int probe = 0; probe < 6; ++probe) {
        const size_t at = source.next() % (values.size() / 4);
        Bytes up = values, down = values;
        floats(up)[at] += 1e-3f;
        floats(down)[at] -= 1e-3f;
        const double step = static_cast<double>(floats(up)[at]) - floats(down)[at];
        const double slope = (weighted_sum(forward, {up}, dy) - weighted_sum(forward, {down}, dy)) / step;
        EXPECT_NEAR(floats((*grad)[0])[at], slope, 1e-2) << place(c) << " " << name(op) << " " << at;
      }
    }
}

// A maximum passes over NaN and starts at the lowest finite number, as TensorFlow Lite's does.
TEST(Pool, MaximumOfSpecialValues) {
  Graph graph;
  Builder b(graph);
  const TensorId x = b.input("x", DType::f32, Shape{1, 2, 4, 1});
  graph.outputs = {*b.op(Op::max_pool, {x}, Pool2dAttrs{2, 2, 2, 2}, "y")};
  const float nan = NAN, inf = INFINITY;
  const std::vector<float> values = {nan, 1, -inf, -inf, -2, nan, -inf, nan};
  Bytes input(values.size() * 4);
  std::memcpy(input.data(), values.data(), input.size());
  for (const RunMode& mode : kModes) {
    auto out = run_graph(graph, {input}, mode);
    ASSERT_TRUE(out);
    EXPECT_EQ(floats((*out)[0])[0], 1) << mode.name;
    EXPECT_EQ(floats((*out)[0])[1], std::numeric_limits<float>::lowest()) << mode.name;
  }
}

// The first of equal maxima gets the gradient.
TEST(Pool, TiesGoToTheFirst) {
  Graph graph;
  Builder b(graph);
  const TensorId x = b.input("x", DType::f32, Shape{1, 2, 2, 1}), dy = b.input("dy", DType::f32, Shape{1, 1, 1, 1});
  const auto dx = b.op(Op::max_pool_grad, {x, dy}, Pool2dAttrs{2, 2, 2, 2}, "dx");
  ASSERT_TRUE(dx);
  graph.outputs = {*dx};
  const std::vector<float> values = {0, 1, 1, 1}, one = {3};
  const auto bytes = [](const std::vector<float>& v) {
    Bytes out(v.size() * 4);
    std::memcpy(out.data(), v.data(), out.size());
    return out;
  };
  for (const RunMode& mode : kModes) {
    const auto out = run_graph(graph, {bytes(values), bytes(one)}, mode);
    ASSERT_TRUE(out);
    EXPECT_EQ((*out)[0], bytes({0, 3, 0, 0})) << mode.name;
  }
}

}  // namespace
}  // namespace thimble::test
