// Integer operators: fast paths against references over many shapes, and where machine arithmetic ends: divisors of
// zero, quotients that do not fit, constants that are folded, scales beyond float32, activations that are no numbers.
// There a defined result or a refusal, never a trap.
#include <cfloat>

#include "base/random.h"
#include "harness.h"
#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/concatenation/concatenation.h"
#include "ops/hybrid.h"
#include "ops/reduce/reduce.h"
#include "passes/fold_constants.h"

namespace thimble::test {
namespace {

template <class T>
Bytes bytes(const std::vector<T>& v) {
  const auto* first = reinterpret_cast<const uint8_t*>(v.data());
  return Bytes(first, first + v.size() * sizeof(T));
}

Quantization per_tensor(float scale, int32_t zero) { return {{scale}, {zero}, 0}; }

// y = a / b of tensors of one type and shape.
struct Division {
  Graph graph;
  std::vector<Bytes> inputs;

  template <class T>
  Division(DType type, const std::vector<T>& a, const std::vector<T>& b, bool constant, const Quantization& of_a,
           const Quantization& of_b, const Quantization& of_y) {
    Builder builder(graph);
    const Shape shape{static_cast<int64_t>(a.size())};
    const auto add = [&](const char* name, const std::vector<T>& v, const Quantization& quant) {
      const TensorId t = constant ? builder.constant(name, type, shape, Data::of(std::span<const T>(v)))
                                  : builder.input(name, type, shape);
      graph.at(t).quant = quant;
      if (!constant) inputs.push_back(bytes(v));
      return t;
    };
    const TensorId x = add("a", a, of_a), d = add("b", b, of_b);
    const Tensor like{.type = type, .quant = of_y};
    made = builder.op(Op::div, {x, d}, BinaryAttrs{}, "quotient", &like);
    if (!made) return;
    // Not the graph's output itself: that one is never folded.
    const auto y = builder.op(Op::maximum, {*made, *made}, BinaryAttrs{}, "y", &like);
    if (y) graph.outputs = {*y};
  }
  Result<TensorId> made = kNoTensor;
};

// A product in units far finer than its operands': 0 stays 0, all else ends at the type's bounds. The states of zeros
// that recurrent networks start with are declared so.
TEST(IntegerProduct, OfAScaleTooFineSaturates) {
  for (const DType type : {DType::i8, DType::u8}) {
    const int32_t middle = type == DType::u8 ? 128 : 0;
    Graph graph;
    Builder builder(graph);
    std::vector<uint8_t> a(256), b(256);
    for (size_t i = 0; i < 256; ++i) a[i] = static_cast<uint8_t>(i), b[i] = static_cast<uint8_t>(middle + 3);
    const TensorId x = builder.input("a", type, {256}), z = builder.input("b", type, {256});
    graph.at(x).quant = per_tensor(0.0235f, middle), graph.at(z).quant = per_tensor(0.0039f, middle);
    const Tensor like{.type = type, .quant = per_tensor(2.97e-35f, middle)};
    const auto y = builder.op(Op::mul, {x, z}, BinaryAttrs{}, "y", &like);
    ASSERT_TRUE(y) << y.error().to_string();
    graph.outputs = {*y};
    for (const RunMode& mode : kModes) {
      const auto outputs = run_graph(graph, {a, b}, mode);
      ASSERT_TRUE(outputs) << mode.name << ": " << outputs.error().to_string();
      for (size_t i = 0; i < 256; ++i) {
        const int32_t value = (type == DType::u8 ? int32_t{a[i]} : int32_t{static_cast<int8_t>(a[i])}) - middle;
        const int32_t expected = value > 0 ? middle + 127 : value < 0 ? middle - 128 : middle;
        EXPECT_EQ((*outputs)[0][i], static_cast<uint8_t>(expected)) << mode.name << ", " << value;
      }
    }
  }
}

// The kernels of 8-bit sums, products and extrema against the reference: rows, columns, scalars, single values, ends
// that fill no vector, parts of two threads.
TEST(IntegerBroadcast, FastEqualsReference) {
  const std::pair<Shape, Shape> shapes[] = {{{2, 3, 5}, {2, 3, 5}},
                                            {{1, 56, 56, 96}, {1, 1, 1, 96}},
                                            {{1, 1, 1, 17}, {1, 9, 4, 17}},
                                            {{1, 40, 40, 24}, {1, 40, 40, 1}},
                                            {{2, 5, 1, 7}, {1, 5, 6, 7}},
                                            {{2, 1, 33}, {1, 3, 1}},
                                            {{70000}, {70000}},
                                            {{70000}, {1}},
                                            {{}, {4, 4}},
                                            {{}, {}},
                                            {{2, 1, 2, 1, 2, 1, 2, 3}, {2, 1, 2, 1, 2, 3}}};
  for (const DType type : {DType::i8, DType::u8})
    for (const Op op : {Op::add, Op::sub, Op::mul, Op::div, Op::maximum, Op::minimum, Op::squared_difference})
      for (const auto& [sa, sb] : shapes) {
        Graph g;
        Builder b(g);
        const bool same = op == Op::maximum || op == Op::minimum;
        const int32_t middle = type == DType::u8 ? 128 : 0;
        const TensorId p = b.input("a", type, sa), q = b.input("b", type, sb);
        g.at(p).quant = per_tensor(0.05f, middle - 7);
        g.at(q).quant = same ? g.at(p).quant : per_tensor(0.031f, middle + 11);
        const Tensor like{.type = type, .quant = same ? g.at(p).quant : per_tensor(0.08f, middle + 3)};
        const Activation activation = op == Op::sub ? Activation::relu6 : Activation::none;
        const auto y = b.op(op, {p, q}, BinaryAttrs{activation}, "y", &like);
        ASSERT_TRUE(y) << y.error().to_string();
        g.outputs = {*y};
        const auto random = [](const Shape& shape, uint64_t seed) {
          Bytes v(static_cast<size_t>(shape.elements()));
          for (size_t i = 0; i < v.size(); ++i) v[i] = static_cast<uint8_t>(random_bits(seed, 0, i));
          return v;
        };
        const std::vector<Bytes> inputs = {random(sa, 1), random(sb, 2)};
        const auto want = run_graph(g, inputs, kModes[0]);
        for (const RunMode& mode : {kModes[1], kModes[2]})
          EXPECT_EQ(difference_bytes((*run_graph(g, inputs, mode))[0], (*want)[0]), "")
              << name(type) << " " << name(op) << sa.to_string() << sb.to_string() << " " << mode.name;
      }
}

TEST(IntegerEdges, DivisionHasAResultForEveryPair) {
  const std::vector<int32_t> a = {7, INT32_MIN, INT32_MIN, -7, 5, 0, INT32_MAX}, b = {0, -1, 1, 2, -5, 0, -1},
                             want = {0, INT32_MAX, INT32_MIN, -3, -1, 0, -INT32_MAX};
  Division division(DType::i32, a, b, false, {}, {}, {});
  ASSERT_TRUE(division.made) << division.made.error().to_string();
  for (const RunMode& mode : kModes) EXPECT_EQ((*run_graph(division.graph, division.inputs, mode))[0], bytes(want));
}

TEST(IntegerEdges, EightBitDivisionByTheZeroPointSaturates) {
  const std::vector<int8_t> a = {-3, 100, -100, 127, -128}, b(5, 9), want = {4, 127, -128, 127, -128};
  Division division(DType::i8, a, b, false, per_tensor(0.05f, -3), per_tensor(0.03f, 9), per_tensor(0.1f, 4));
  ASSERT_TRUE(division.made) << division.made.error().to_string();
  for (const RunMode& mode : kModes) EXPECT_EQ((*run_graph(division.graph, division.inputs, mode))[0], bytes(want));
}

TEST(IntegerEdges, ConstantsAreFoldedWithoutATrap) {
  const std::vector<int32_t> a = {INT32_MIN, -7, INT32_MAX}, b = {-1, 2, -1}, want = {INT32_MAX, -3, -INT32_MAX};
  Division division(DType::i32, a, b, true, {}, {}, {});
  ASSERT_TRUE(division.made) << division.made.error().to_string();
  const auto folded = fold_constants(division.graph);
  ASSERT_TRUE(folded) << folded.error().to_string();
  ASSERT_EQ(folded->nodes.size(), 1u);
  const Data& quotient = folded->at(folded->nodes[0].inputs[0]).data;
  EXPECT_EQ(Bytes(quotient.bytes, quotient.bytes + quotient.size), bytes(want));
}

TEST(IntegerEdges, AConstantDivisorOfZeroIsRefused) {
  const Division whole(DType::i32, std::vector<int32_t>{1, 2}, std::vector<int32_t>{5, 0}, true, {}, {}, {});
  const Division eight(DType::u8, std::vector<uint8_t>{1, 2}, std::vector<uint8_t>{5, 100}, true, per_tensor(0.05f, 3),
                       per_tensor(0.03f, 100), per_tensor(0.1f, 4));
  for (const Division* division : {&whole, &eight}) {
    ASSERT_FALSE(division->made);
    EXPECT_NE(division->made.error().to_string().find("element 1 of the constant divisor"), std::string::npos)
        << division->made.error().to_string();
  }
}

TEST(IntegerEdges, ScalesBeyondFloatAreRefused) {
  for (const Op op : {Op::sum, Op::concatenation}) {
    Graph g;
    Builder b(g);
    const TensorId x = b.input("x", DType::u8, {2, 3});
    g.at(x).quant = per_tensor(1e30f, 7);
    const Tensor like{.type = DType::u8, .quant = per_tensor(1e-30f, 7)};
    const std::vector<int32_t> axis = {1};
    const auto y = op == Op::sum ? b.op(op, {x, b.constant_i32("axis", axis)}, ReduceAttrs{}, "y", &like)
                                 : b.op(op, {x, x}, ConcatenationAttrs{.axis = 1}, "y", &like);
    ASSERT_FALSE(y) << name(op);
    EXPECT_NE(y.error().to_string().find("too far apart"), std::string::npos) << y.error().to_string();
  }
}

// Between integers per channel LiteRT multiplies by the scale of a tensor that has none.
TEST(IntegerEdges, RequantisationPerChannelIsRefused) {
  for (const bool of_input : {true, false}) {
    Graph g;
    Builder b(g);
    const Quantization one = per_tensor(0.1f, 0), each{{0.1f, 0.2f, 0.3f}, {0, 1, 2}, 1};
    const TensorId x = b.input("x", DType::i8, {2, 3});
    g.at(x).quant = of_input ? each : one;
    const Tensor like{.type = DType::i8, .quant = of_input ? one : each};
    const auto y = b.op(Op::quantize, {x}, {}, "y", &like);
    ASSERT_FALSE(y);
    EXPECT_NE(y.error().to_string().find("per channel"), std::string::npos) << y.error().to_string();
  }
}

// int16 has no golden: LiteRT dequantises it per tensor only.
TEST(IntegerEdges, Int16IsDequantisedPerChannel) {
  Graph g;
  Builder b(g);
  const TensorId x = b.input("x", DType::i16, {2, 3});
  g.at(x).quant = {{0.5f, 2, 0.25f}, {0, 10, -4}, 1};
  const auto y = b.op(Op::dequantize, {x}, {}, "y");
  ASSERT_TRUE(y) << y.error().to_string();
  g.outputs = {*y};
  const std::vector<int16_t> values = {4, -32768, 0, -3, 10, 32767};
  const std::vector<float> want = {2, -65556, 1, -1.5f, 0, 8192.75f};
  for (const RunMode& mode : kModes) EXPECT_EQ((*run_graph(g, {bytes(values)}, mode))[0], bytes(want)) << mode.name;
}

TEST(IntegerEdges, ActivationsThatAreNoNumbersAreQuantisedInRange) {
  const float inf = INFINITY;
  for (const std::vector<float>& x : {std::vector<float>{1, inf, -2, NAN}, std::vector<float>{-inf, inf, NAN, 3},
                                      std::vector<float>{-FLT_MAX, FLT_MAX, 0, 1}, std::vector<float>{-inf, 0, 1, 2}}) {
    const auto n = static_cast<int64_t>(x.size());
    std::vector<int8_t> q(x.size());
    float scale;
    int32_t zero;
    quantize_asymmetric(x.data(), n, q.data(), &scale, &zero);
    EXPECT_TRUE(zero >= -128 && zero <= 127) << zero;
    EXPECT_GT(scale, 0);
    std::vector<uint8_t> row(x.size());
    scale = quantize_symmetric(x.data(), n, q.data());
    for (const KernelTable* table : available_kernels()) {
      EXPECT_EQ(table->map.quantize_row(x.data(), row.data(), n), scale) << name(table->isa);
      for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(row[i], static_cast<uint8_t>(q[i] + 128)) << name(table->isa);
    }
  }
}

}  // namespace
}  // namespace thimble::test
