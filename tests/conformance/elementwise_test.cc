// Comparisons, logic, choices, arithmetic, searches and repeating: fast paths against the reference, what inference
// refuses, and values that decide shapes.
#include <random>

#include "formats/tflite/tflite.h"
#include "harness.h"
#include "ops/arg_max/arg_max.h"
#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/cumsum/cumsum.h"
#include "ops/fake_quant/fake_quant.h"
#include "ops/reduce/reduce.h"
#include "ops/select/select.h"
#include "ops/unary/unary.h"

namespace thimble::test {
namespace {

// Small integers and halves, some NaN: ties and equal values are frequent. Bytes of bools that are true in many ways.
Bytes values(DType type, const Shape& shape, uint32_t seed) {
  std::mt19937 random(seed);
  Bytes bytes(static_cast<size_t>(byte_size(type, shape)));
  const auto n = static_cast<size_t>(shape.elements());
  for (size_t i = 0; i < n; ++i) {
    const auto v = static_cast<int32_t>(random() % 9) - 4;
    const float f = random() % 11 == 0 ? NAN : static_cast<float>(v) / 2;
    switch (type) {
      case DType::f32: std::memcpy(&bytes[i * 4], &f, 4); break;
      case DType::boolean: bytes[i] = v > 0 ? static_cast<uint8_t>(v * 50) : 0; break;
      case DType::u8: bytes[i] = static_cast<uint8_t>(v + 128); break;
      default:
        for (size_t b = 0; b < static_cast<size_t>(bits(type) / 8); ++b)
          bytes[i * static_cast<size_t>(bits(type) / 8) + b] = b == 0 ? static_cast<uint8_t>(v) : v < 0 ? 0xff : 0;
    }
  }
  return bytes;
}

TensorId input(Builder& b, DType type, const Shape& shape, float scale = 0) {
  const TensorId t = b.input("x", type, shape);
  if (scale > 0) b.graph().at(t).quant = {{scale}, {type == DType::u8 ? 127 : 1}, 0};
  return t;
}

void expect_paths_agree(const Graph& g, std::initializer_list<uint32_t> seeds = {1, 2}) {
  for (const uint32_t seed : seeds) {
    std::vector<Bytes> inputs;
    for (size_t i = 0; i < g.inputs.size(); ++i)
      inputs.push_back(values(g.at(g.inputs[i]).type, g.at(g.inputs[i]).shape, seed * 10 + static_cast<uint32_t>(i)));
    const auto want = run_graph(g, inputs, kModes[0]);
    ASSERT_TRUE(want) << want.error().to_string();
    for (const RunMode& mode : kModes) {
      const auto got = run_graph(g, inputs, mode);
      ASSERT_TRUE(got) << got.error().to_string();
      EXPECT_EQ(*got, *want) << mode.name << "\n" << dump(g);
    }
  }
}

struct Pair {
  Shape a, b;
};
const Pair kPairs[] = {
    {{7}, {7}},   {{2, 3, 5}, {5}},           {{4}, {3, 2, 4}},       {{2, 1, 4}, {1, 3, 1}}, {{}, {2, 3}},
    {{2, 3}, {}}, {{3, 1, 300}, {1, 5, 300}}, {{40, 900}, {40, 900}}, {{0, 3}, {1, 3}},       {{70, 1}, {1, 333}},
    {{}, {}}};

TEST(Elementwise, ComparisonsAndLogicByEveryPath) {
  for (const Pair& p : kPairs) {
    for (const Op op : {Op::equal, Op::not_equal, Op::greater, Op::greater_equal, Op::less, Op::less_equal})
      for (const DType type : {DType::f32, DType::i32, DType::i64, DType::i8, DType::u8, DType::i16}) {
        Graph g;
        Builder b(g);
        const bool scaled = type == DType::i8 || type == DType::u8;
        const TensorId x = input(b, type, p.a, scaled ? 0.5f : 0), y = input(b, type, p.b, scaled ? 0.25f : 0);
        const auto z = b.op(op, {x, y}, {}, "z");
        ASSERT_TRUE(z) << z.error().to_string();
        g.outputs = {*z};
        expect_paths_agree(g);
      }
    for (const Op op : {Op::logical_and, Op::logical_or}) {
      Graph g;
      Builder b(g);
      const auto z = b.op(op, {input(b, DType::boolean, p.a), input(b, DType::boolean, p.b)}, {}, "z");
      ASSERT_TRUE(z) << z.error().to_string();
      const auto n = b.op(Op::logical_not, {*z}, {}, "n");
      ASSERT_TRUE(n) << n.error().to_string();
      g.outputs = {*z, *n};
      expect_paths_agree(g);
    }
  }
}

TEST(Elementwise, ChoicesByEveryPath) {
  struct Triple {
    Shape c, x, y;
  };
  const Triple triples[] = {{{2, 3}, {2, 3}, {2, 3}},    {{3, 1}, {4}, {2, 1, 4}},          {{}, {5, 700}, {5, 700}},
                            {{40, 900}, {40, 900}, {}},  {{40, 900}, {}, {40, 900}},        {{40, 900}, {}, {}},
                            {{40, 1}, {40, 900}, {900}}, {{2, 1, 3}, {1, 5, 1}, {2, 5, 3}}, {{0, 3}, {3}, {1, 3}}};
  for (const Triple& t : triples)
    for (const DType type : {DType::f32, DType::i8, DType::i16, DType::i64}) {
      Graph g;
      Builder b(g);
      const auto z = b.op(Op::select_v2, {input(b, DType::boolean, t.c), input(b, type, t.x), input(b, type, t.y)},
                          SelectAttrs{}, "z");
      ASSERT_TRUE(z) << z.error().to_string();
      g.outputs = {*z};
      expect_paths_agree(g);
    }
  Graph rows;
  Builder b(rows);
  const Shape shape{6, 50, 7};
  const auto z =
      b.op(Op::select, {input(b, DType::boolean, {6}), input(b, DType::f32, shape), input(b, DType::f32, shape)},
           SelectAttrs{}, "z");
  ASSERT_TRUE(z) << z.error().to_string();
  rows.outputs = {*z};
  expect_paths_agree(rows);
}

TEST(Elementwise, SearchesAndRepeatingByEveryPath) {
  for (const Op op : {Op::arg_max, Op::arg_min})
    for (const DType type : {DType::f32, DType::i8, DType::u8, DType::i32, DType::boolean})
      for (const bool wide : {false, true})
        for (const int32_t axis : {-1, 0, 1}) {
          Graph g;
          Builder b(g);
          const TensorId at = b.constant_i32("axis", std::vector<int32_t>{axis});
          const auto y = b.op(op, {input(b, type, {30, 4, 70}), at}, ArgMaxAttrs{wide}, "y");
          ASSERT_TRUE(y) << y.error().to_string();
          g.outputs = {*y};
          expect_paths_agree(g);
        }
  for (const auto& [from, to] : std::initializer_list<std::pair<Shape, std::vector<int32_t>>>{
           {{}, {3, 4}}, {{4}, {300, 4}}, {{300, 1}, {300, 70}}, {{2, 1, 3}, {2, 5, 3}}, {{5}, {5}}, {{1}, {0}}})
    for (const DType type : {DType::f32, DType::i8, DType::i64}) {
      Graph g;
      Builder b(g);
      const auto y = b.op(Op::broadcast_to, {input(b, type, from), b.constant_i32("shape", to)}, {}, "y");
      ASSERT_TRUE(y) << y.error().to_string();
      g.outputs = {*y};
      expect_paths_agree(g);
    }
}

// What a graph's builder says to one node.
Result<TensorId> made(Op op, const std::vector<Tensor>& operands, Attrs attrs = {}, const Tensor* like = nullptr) {
  Graph g;
  Builder b(g);
  std::vector<TensorId> ids;
  for (const Tensor& t : operands) {
    ids.push_back(g.add(t));
    if (!t.constant()) g.inputs.push_back(ids.back());
  }
  return b.op(op, ids, std::move(attrs), "y", like);
}

Tensor tensor(DType type, Shape shape) { return {.name = "x", .type = type, .shape = shape}; }
template <class T>
Tensor constant(DType type, Shape shape, const std::vector<T>& v) {
  return {.name = "c", .type = type, .shape = shape, .data = Data::of(std::span<const T>(v))};
}
Tensor ints(std::vector<int32_t> v) { return constant(DType::i32, {static_cast<int64_t>(v.size())}, v); }
Tensor scalar(int32_t v) { return constant<int32_t>(DType::i32, {}, {v}); }

void expect_refused(const Result<TensorId>& made, ErrorCode code, const std::string& text) {
  ASSERT_FALSE(made) << text;
  EXPECT_EQ(made.error().code, code) << made.error().to_string();
  EXPECT_NE(made.error().to_string().find(text), std::string::npos) << made.error().to_string();
}

TEST(Elementwise, RefusesWithAReason) {
  const Tensor f = tensor(DType::f32, {2, 3}), i = tensor(DType::i32, {2, 3}), o = tensor(DType::boolean, {2, 3});
  const Tensor bytes = tensor(DType::i8, {2, 3}), wide = tensor(DType::i16, {2, 3});
  const ErrorCode bad = ErrorCode::bad_file, not_ours = ErrorCode::unsupported, value = ErrorCode::needs_value;
  expect_refused(made(Op::equal, {f, i}), bad, "differ in type");
  expect_refused(made(Op::equal, {f, tensor(DType::f32, {4})}), bad, "do not broadcast");
  expect_refused(made(Op::equal, {f}), bad, "takes 2 inputs");
  expect_refused(made(Op::less, {o, o}), not_ours, "element type");
  expect_refused(made(Op::less, {bytes, bytes}), bad, "needs one scale");
  expect_refused(made(Op::logical_and, {f, f}), not_ours, "element type");
  expect_refused(made(Op::logical_not, {o, o}), bad, "takes 1 inputs");
  expect_refused(made(Op::right_shift, {i, tensor(DType::u32, {2, 3})}), bad, "differ in type");
  expect_refused(made(Op::select, {o, f, tensor(DType::f32, {3})}, SelectAttrs{}), bad, "differ in shape");
  expect_refused(made(Op::select, {tensor(DType::boolean, {3}), f, f}, SelectAttrs{}), bad, "one value per entry");
  expect_refused(made(Op::select_v2, {i, f, f}, SelectAttrs{}), not_ours, "element type");
  expect_refused(made(Op::select_v2, {o, f, i}, SelectAttrs{}), bad, "differ in type");
  expect_refused(made(Op::pow, {i, ints({1, -1, 2})}), bad, "negative exponent");
  expect_refused(made(Op::floor_div, {i, ints({1, 0, 2})}), bad, "zero, a divisor");
  expect_refused(made(Op::floor_mod, {i, ints({1, 0, 2})}), bad, "zero, a divisor");
  expect_refused(made(Op::atan2, {f, tensor(DType::f32, {3})}), not_ours, "must be equal");
  expect_refused(made(Op::add_n, {f, tensor(DType::f32, {3, 2})}), bad, "operands differ");
  expect_refused(made(Op::add_n, {f}), bad, "inputs");
  expect_refused(made(Op::cumsum, {f, ints({2})}, CumsumAttrs{}), bad, "axis 2");
  expect_refused(made(Op::cumsum, {f, i}, CumsumAttrs{}), value, "its value decides shapes");
  expect_refused(made(Op::fake_quant, {f}, FakeQuantAttrs{1, 2, 8}), bad, "must be finite and hold 0");
  expect_refused(made(Op::fake_quant, {f}, FakeQuantAttrs{-1, 2, 17}), not_ours, "2 to 16");
  expect_refused(made(Op::l2_normalization, {tensor(DType::f32, {})}), bad, "rank");
  expect_refused(made(Op::real, {f}), not_ours, "element type");
  expect_refused(made(Op::arg_max, {tensor(DType::f32, {2, 0}), ints({1})}, ArgMaxAttrs{}), bad, "is empty");
  expect_refused(made(Op::arg_max, {f, ints({1, 0})}, ArgMaxAttrs{}), bad, "holds 2 values");
  expect_refused(made(Op::reduce_any, {f, ints({1})}, ReduceAttrs{}), not_ours, "element type");
  expect_refused(made(Op::mean, {wide, ints({1})}, ReduceAttrs{}), bad, "must be int16");
  expect_refused(made(Op::broadcast_args, {ints({2, 3}), ints({4, 3})}), bad, "do not broadcast");
  expect_refused(made(Op::broadcast_to, {f, ints({2, 4})}), bad, "do not broadcast");
  expect_refused(made(Op::broadcast_to, {f, ints({3})}), bad, "does not broadcast");
  expect_refused(made(Op::broadcast_to, {f, ints({-1, 3})}), bad, "outside");
  expect_refused(made(Op::broadcast_to, {f, tensor(DType::i32, {2})}), value, "its value decides shapes");
  expect_refused(made(Op::fill, {ints({2}), f}), bad, "rank");
  expect_refused(made(Op::fill, {ints({2147483647, 2147483647}), tensor(DType::f32, {})}), not_ours, "2^40");
  expect_refused(made(Op::range, {scalar(0), scalar(5), scalar(0)}), bad, "in steps of 0");
  expect_refused(made(Op::range, {scalar(0), scalar(5), scalar(-1)}), bad, "in steps of -1");
  expect_refused(made(Op::range, {scalar(0), tensor(DType::i32, {}), scalar(1)}), value, "its value decides shapes");
  expect_refused(
      made(Op::range, {constant<int64_t>(DType::i64, {}, {0}), constant<int64_t>(DType::i64, {}, {INT64_MAX}),
                       constant<int64_t>(DType::i64, {}, {1})}),
      not_ours, "2^31");
  expect_refused(made(Op::range, {constant<float>(DType::f32, {}, {0}), constant<float>(DType::f32, {}, {NAN}),
                                  constant<float>(DType::f32, {}, {1})}),
                 bad, "a range from");
  const Tensor doubles = tensor(DType::f64, {2, 3});
  expect_refused(made(Op::bitcast, {f}, {}, &doubles), bad, "must be 2 long");
  expect_refused(made(Op::sub, {wide, wide}, BinaryAttrs{}), not_ours, "without scales");
  expect_refused(made(Op::exp, {wide}, UnaryAttrs{}), not_ours, "without a scale");
  expect_refused(made(Op::exp, {i}, UnaryAttrs{}), not_ours, "no exp of");
  expect_refused(made(Op::squared_difference, {wide, wide}, BinaryAttrs{}), not_ours, "element type");
}

// Sizes that do not broadcast end a run which meets them.
TEST(Elementwise, ARunThatMeetsSizesThatDoNotBroadcastEnds) {
  Graph g;
  Builder b(g);
  const TensorId x = b.input("a", DType::i32, {2}), y = b.input("b", DType::i32, {1});
  const auto z = b.op(Op::broadcast_args, {x, y}, {}, "z");
  ASSERT_TRUE(z) << z.error().to_string();
  g.outputs = {*z};
  auto session = Session::create(*Program::plan(g));
  ASSERT_TRUE(session);
  const auto feed = [&](int32_t p, int32_t q, int32_t r) {
    const int32_t a[] = {p, q}, c[] = {r};
    std::memcpy((*session)->input(0).data(), a, 8);
    std::memcpy((*session)->input(1).data(), c, 4);
    return (*session)->run();
  };
  EXPECT_TRUE(feed(2, 3, 1));
  const Status ran = feed(2, 3, 4);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::bad_file);
  EXPECT_NE(ran.error().to_string().find("sizes 3 and 4, which do not broadcast"), std::string::npos)
      << ran.error().to_string();
  EXPECT_TRUE(feed(2, 3, 3));
}

// Integer results where machines differ or trap.
TEST(Elementwise, IntegersAtTheirEnds) {
  const auto run = [](Op op, std::vector<int32_t> a, std::vector<int32_t> c) {
    Graph g;
    Builder b(g);
    const auto n = static_cast<int64_t>(a.size());
    const TensorId x = b.input("a", DType::i32, {n}), y = b.input("b", DType::i32, {n});
    const auto z = b.op(op, {x, y}, {}, "z");
    EXPECT_TRUE(z);
    g.outputs = {*z};
    std::vector<Bytes> in(2, Bytes(a.size() * 4));
    std::memcpy(in[0].data(), a.data(), a.size() * 4);
    std::memcpy(in[1].data(), c.data(), c.size() * 4);
    const auto out = run_graph(g, in, kModes[1]);
    EXPECT_TRUE(out);
    std::vector<int32_t> v(a.size());
    std::memcpy(v.data(), (*out)[0].data(), v.size() * 4);
    return v;
  };
  using Ints = std::vector<int32_t>;
  EXPECT_EQ(run(Op::floor_div, {INT32_MIN, 7, -7, 7, 5}, {-1, 2, 2, -2, 0}), (Ints{INT32_MAX, 3, -4, -4, 0}));
  EXPECT_EQ(run(Op::floor_mod, {INT32_MIN, 7, -7, 7, 5}, {-1, 2, 2, -2, 0}), (Ints{0, 1, 1, -1, 0}));
  EXPECT_EQ(run(Op::pow, {2, -3, 0, 1, -1, 2, 65536}, {10, 3, 0, -5, -3, -1, 2}), (Ints{1024, -27, 1, 1, -1, 0, 0}));
  EXPECT_EQ(run(Op::right_shift, {-16, -16, INT32_MIN}, {2, -1, 99}), (Ints{-4, -16, -1}));
}

// Types of 64 bits, which no fast path has: what only they can hold.
template <class T>
std::vector<T> run_wide(DType type, Op op, const std::vector<std::vector<T>>& operands, Attrs attrs = {}) {
  Graph g;
  Builder b(g);
  std::vector<TensorId> ids;
  std::vector<Bytes> in;
  for (const auto& values : operands) {
    ids.push_back(b.input("x", type, {std::ssize(values)}));
    in.emplace_back(values.size() * sizeof(T));
    std::memcpy(in.back().data(), values.data(), in.back().size());
  }
  if (op == Op::cumsum || op == Op::sum || op == Op::reduce_max || op == Op::reduce_prod)
    ids.push_back(g.add({.name = "axis",
                         .type = DType::i32,
                         .shape = {1},
                         .data = Data::of(std::span<const int32_t>(std::vector<int32_t>{0}))}));
  const auto y = b.op(op, ids, std::move(attrs), "y");
  EXPECT_TRUE(y) << y.error().to_string();
  if (!y) return {};
  g.outputs = {*y};
  const auto out = run_graph(g, in, kModes[1]);
  EXPECT_TRUE(out) << out.error().to_string();
  if (!out) return {};
  std::vector<T> v((*out)[0].size() / sizeof(T));
  std::memcpy(v.data(), (*out)[0].data(), (*out)[0].size());
  return v;
}

TEST(Elementwise, DoublesKeepTheirDigits) {
  using Doubles = std::vector<double>;
  const auto run = [](Op op, std::vector<Doubles> in, Attrs attrs = {}) {
    return run_wide<double>(DType::f64, op, in, std::move(attrs));
  };
  const double tiny = 0x1p-40;
  EXPECT_EQ(run(Op::add, {{1, 1e300}, {tiny, 1e300}}, BinaryAttrs{}), (Doubles{1 + tiny, 2e300}));
  EXPECT_EQ(run(Op::sub, {{1 + tiny}, {1}}, BinaryAttrs{}), (Doubles{tiny}));
  EXPECT_EQ(run(Op::mul, {{1 + tiny, 1e200}, {3, 1e200}}, BinaryAttrs{}), (Doubles{3 + 3 * tiny, INFINITY}));
  EXPECT_EQ(run(Op::div, {{1, 1, 0.0}, {3, -0.0, 5}}, BinaryAttrs{}), (Doubles{1.0 / 3, -INFINITY, 0}));
  EXPECT_EQ(run(Op::maximum, {{1, 2}, {1 + tiny, -2}}, BinaryAttrs{}), (Doubles{1 + tiny, 2}));
  EXPECT_EQ(run(Op::minimum, {{1, 2}, {1 - tiny, -2}}, BinaryAttrs{}), (Doubles{1 - tiny, -2}));
  EXPECT_EQ(run(Op::add, {{-3, 7}, {1, 1}}, BinaryAttrs{.activation = Activation::relu6}), (Doubles{0, 6}));
  EXPECT_EQ(run(Op::exp, {{1, 0}}, UnaryAttrs{}), (Doubles{std::exp(1.0), 1}));
  EXPECT_EQ(run(Op::log, {{1 + tiny}}, UnaryAttrs{}), (Doubles{std::log(1 + tiny)}));
  EXPECT_EQ(run(Op::neg, {{tiny}}, UnaryAttrs{}), (Doubles{-tiny}));
  EXPECT_EQ(run(Op::pow, {{2, 10}, {0.5, -3}}), (Doubles{std::sqrt(2.0), 1e-3}));
  EXPECT_EQ(run(Op::floor_mod, {{-7.5, 7.5}, {2, -2}}), (Doubles{0.5, -0.5}));
  EXPECT_EQ(run(Op::cumsum, {{1, tiny, 1}}, CumsumAttrs{}), (Doubles{1, 1 + tiny, 2 + tiny}));
  EXPECT_EQ(run(Op::sum, {{1, tiny}}, ReduceAttrs{}), (Doubles{1 + tiny}));
  EXPECT_EQ(run(Op::reduce_prod, {{1 + tiny, 2}}, ReduceAttrs{}), (Doubles{2 + 2 * tiny}));
  EXPECT_EQ(run(Op::reduce_max, {{1, 1 + tiny}}, ReduceAttrs{}), (Doubles{1 + tiny}));
  EXPECT_TRUE(std::isnan(run(Op::reduce_max, {{1, NAN, 2}}, ReduceAttrs{}).at(0)));
}

TEST(Elementwise, IntegersOf64Bits) {
  using Words = std::vector<uint64_t>;
  using Longs = std::vector<int64_t>;
  const auto run = [](Op op, std::vector<Words> in) { return run_wide<uint64_t>(DType::u64, op, in, {}); };
  const auto binary = [](Op op, std::vector<Words> in) {
    return run_wide<uint64_t>(DType::u64, op, in, BinaryAttrs{});
  };
  const uint64_t top = uint64_t{1} << 63;
  EXPECT_EQ(binary(Op::add, {{top, 1}, {top, 2}}), (Words{0, 3}));
  EXPECT_EQ(binary(Op::sub, {{0, top}, {1, 1}}), (Words{UINT64_MAX, top - 1}));
  EXPECT_EQ(binary(Op::mul, {{top + 3}, {2}}), (Words{6}));
  EXPECT_EQ(binary(Op::div, {{UINT64_MAX, 7, 5}, {2, 2, 0}}), (Words{top - 1, 3, 0}));
  EXPECT_EQ(binary(Op::maximum, {{top, 1}, {1, 2}}), (Words{top, 2}));
  EXPECT_EQ(binary(Op::minimum, {{top, 1}, {1, 2}}), (Words{1, 1}));
  EXPECT_EQ(run(Op::floor_mod, {{UINT64_MAX, top + 1}, {10, UINT64_MAX}}), (Words{UINT64_MAX % 10, top + 1}));
  EXPECT_EQ(run(Op::bitwise_xor, {{UINT64_MAX}, {top}}), (Words{top - 1}));
  EXPECT_EQ(run(Op::right_shift, {{top, top, top}, {62, 70, UINT64_MAX}}), (Words{2, 1, 1}));
  EXPECT_EQ(run_wide<int64_t>(DType::i64, Op::div, {{INT64_MIN, -7, 7}, {-1, 2, 0}}, BinaryAttrs{}),
            (Longs{INT64_MAX, -3, 0}));
  EXPECT_EQ(run_wide<int64_t>(DType::i64, Op::pow, {{-3, 2, 10}, {3, 62, -1}}), (Longs{-27, int64_t{1} << 62, 0}));
  EXPECT_EQ(run_wide<int64_t>(DType::i64, Op::right_shift, {{INT64_MIN}, {62}}), (Longs{-2}));
}

// A .tflite file with them would run nowhere else.
TEST(Elementwise, WhatLiteRTLacksIsNotWritten) {
  const auto written = [](Op op, DType type, Attrs attrs = {}) {
    Graph g;
    Builder b(g);
    std::vector<TensorId> ids = {b.input("x", type, {3})};
    if (op != Op::exp) ids.push_back(b.input("z", type, {3}));
    const auto y = b.op(op, ids, std::move(attrs), "y");
    EXPECT_TRUE(y) << y.error().to_string();
    if (!y) return std::string("nothing was made");
    g.outputs = {*y};
    const auto file = write_tflite(g);
    return file ? std::string() : file.error().message;
  };
  EXPECT_EQ(written(Op::bitwise_xor, DType::i64), "LiteRT has no bitwise_xor of int64");
  EXPECT_EQ(written(Op::right_shift, DType::u64), "LiteRT has no right_shift of uint64");
  EXPECT_EQ(written(Op::add, DType::f64, BinaryAttrs{}), "LiteRT has no add of float64");
  EXPECT_EQ(written(Op::div, DType::i64, BinaryAttrs{}), "LiteRT has no div of int64");
  EXPECT_EQ(written(Op::pow, DType::i64), "LiteRT has no pow of int64");
  EXPECT_EQ(written(Op::less, DType::u64), "LiteRT has no less of uint64");
  EXPECT_EQ(written(Op::exp, DType::f64, UnaryAttrs{}), "LiteRT has no exp of float64");
  EXPECT_EQ(written(Op::bitwise_xor, DType::i32), "");
  EXPECT_EQ(written(Op::add, DType::i64, BinaryAttrs{}), "");
}

}  // namespace
}  // namespace thimble::test
