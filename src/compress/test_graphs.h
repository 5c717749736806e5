// Small random networks, and ways to run them, for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/random.h"
#include "compress/quantize/quantize.h"
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
#include "runtime/program.h"

namespace thimble::test {

// Builds with assertions instead of Results; weights are random.
class Net {
 public:
  explicit Net(uint64_t seed) : random_(seed) {}
  Graph graph;
  Builder builder{graph};

  TensorId input(Shape shape, std::string name = "x") {
    const TensorId t = builder.input(std::move(name), DType::f32, shape);
    graph.at(t).batch_unknown = true;
    return t;
  }
  TensorId constant(const std::string& name, Shape shape, double spread) {
    std::vector<float> values(static_cast<size_t>(shape.elements()));
    for (float& v : values) v = static_cast<float>(random_.normal() * spread);
    return builder.constant_f32(name, shape, values);
  }
  TensorId add(Op op, std::vector<TensorId> inputs, Attrs attrs, const std::string& name) {
    auto made = builder.op(op, std::move(inputs), std::move(attrs), name);
    EXPECT_TRUE(made) << made.error().to_string();
    graph.at(*made).batch_unknown = true;
    return *made;
  }
  TensorId conv(TensorId x, int64_t outputs, int64_t kernel, const std::string& name, Conv2dAttrs attrs = {},
                bool bias = true) {
    const int64_t channels = graph.at(x).shape[3];
    std::vector<TensorId> in{x, constant(name + "/w", {outputs, kernel, kernel, channels},
                                         1.0 / std::sqrt(double(kernel * kernel * channels)))};
    if (bias) in.push_back(constant(name + "/b", {outputs}, 0.1));
    return add(Op::conv2d, in, attrs, name);
  }
  TensorId depthwise(TensorId x, int64_t kernel, const std::string& name) {
    const int64_t channels = graph.at(x).shape[3];
    DepthwiseConv2dAttrs attrs;
    attrs.activation = Activation::relu6;
    return add(Op::depthwise_conv2d,
               {x, constant(name + "/w", {1, kernel, kernel, channels}, 0.4), constant(name + "/b", {channels}, 0.1)},
               attrs, name);
  }
  TensorId dense(TensorId x, int64_t outputs, const std::string& name, Activation activation = Activation::none) {
    const int64_t inputs = graph.at(x).shape.dim(-1);
    return add(Op::fully_connected,
               {x, constant(name + "/w", {outputs, inputs}, 1.0 / std::sqrt(double(inputs))),
                constant(name + "/b", {outputs}, 0.1)},
               FullyConnectedAttrs{activation}, name);
  }
  TensorId pool(Op op, TensorId x, int size, const std::string& name) {
    return add(op, {x}, Pool2dAttrs{size, size, size, size}, name);
  }
  TensorId flat(TensorId x) {
    const int32_t shape[] = {-1, static_cast<int32_t>(graph.at(x).shape.elements())};
    return add(Op::reshape, {x, builder.constant_i32("flat/shape", shape)}, ReshapeAttrs{}, "flat");
  }
  Graph finish(TensorId y) {
    graph.outputs = {y};
    graph.input_names = {"image"};
    graph.output_names = {"scores"};
    graph.metadata["thimble.preprocess"] = "{}";
    return graph;
  }

 private:
  Random random_;
};

// conv, depthwise, pools, residual sum, concatenation, dense layers, softmax.
inline Graph small_cnn(uint64_t seed) {
  Net net(seed);
  Conv2dAttrs relu;
  relu.activation = Activation::relu;
  const TensorId x = net.input({1, 12, 12, 3});
  const TensorId a = net.conv(x, 16, 3, "conv_1", relu);
  const TensorId b = net.depthwise(a, 3, "depthwise_1");
  const TensorId c = net.add(Op::add, {a, net.conv(b, 16, 1, "conv_2")}, BinaryAttrs{Activation::relu}, "sum");
  const TensorId d = net.pool(Op::max_pool, c, 2, "max");
  const TensorId e = net.conv(d, 8, 3, "conv_3", {}, false);
  const TensorId f = net.add(Op::concatenation, {d, e}, ConcatenationAttrs{3}, "both");
  const TensorId g = net.flat(net.pool(Op::average_pool, f, 2, "mean"));
  const TensorId h = net.dense(net.dense(g, 20, "dense_1", Activation::relu), 10, "dense_2");
  return net.finish(net.add(Op::softmax, {h}, SoftmaxAttrs{}, "probabilities"));
}

inline std::vector<float> random_values(size_t n, uint64_t seed) {
  Random random(seed, 7);
  std::vector<float> values(n);
  for (float& v : values) v = static_cast<float>(random.uniform(-1, 1));
  return values;
}

inline CalibrationSamples random_samples(int64_t count = 40) {
  return [count](int64_t i, std::span<float> input) {
    if (i >= count) return false;
    const auto values = random_values(input.size(), static_cast<uint64_t>(1000 + i));
    std::copy(values.begin(), values.end(), input.begin());
    return true;
  };
}

using Bytes = std::vector<uint8_t>;

// Raw bytes of all outputs; the float input is converted to the graph's input type by its scale.
inline Bytes run(const Graph& graph, std::span<const float> input, bool reference = false, int threads = 1) {
  auto program = Program::plan(graph, {.threads = threads, .reference_only = reference});
  EXPECT_TRUE(program) << program.error().to_string();
  if (!program) return {};
  auto session = Session::create(*program);
  EXPECT_TRUE(session);
  const Tensor& x = graph.at(graph.inputs[0]);
  const auto memory = (*session)->input(0);
  for (size_t i = 0; i < input.size(); ++i) {
    if (x.type == DType::f32) {
      std::memcpy(memory.data() + 4 * i, &input[i], 4);
    } else {
      const float q = std::round(input[i] / x.quant.scale[0]) + static_cast<float>(x.quant.zero_point[0]);
      const float lo = x.type == DType::u8 ? 0 : -128;
      memory[i] = static_cast<uint8_t>(static_cast<int>(std::min(std::max(q, lo), lo + 255)));
    }
  }
  (*session)->run();
  Bytes bytes;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const auto out = (*session)->output(i);
    bytes.insert(bytes.end(), out.begin(), out.end());
  }
  return bytes;
}

inline std::vector<float> run_floats(const Graph& graph, std::span<const float> input) {
  const Bytes bytes = run(graph, input);
  std::vector<float> values(bytes.size() / 4);
  std::memcpy(values.data(), bytes.data(), values.size() * 4);
  return values;
}

inline double largest_difference(std::span<const float> a, std::span<const float> b) {
  double worst = a.size() == b.size() ? 0 : INFINITY;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) worst = std::max(worst, std::fabs(double(a[i]) - b[i]));
  return worst;
}

inline const Tensor* find(const Graph& graph, const std::string& name) {
  for (const Tensor& t : graph.tensors)
    if (t.name == name) return &t;
  return nullptr;
}

inline int count(const Graph& graph, Op op) {
  int n = 0;
  for (const Node& node : graph.nodes) n += node.op == op;
  return n;
}

}  // namespace thimble::test
