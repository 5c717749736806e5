// Data movement and reductions: fast paths against references over many shapes, values by hand,
// gradients against finite differences, and what inference refuses.
#include "gradient_check.h"
#include "ops/concatenation/concatenation.h"
#include "ops/pad/pad.h"
#include "ops/reduce/reduce.h"
#include "ops/slice/slice.h"
#include "ops/split/split.h"
#include "ops/transpose/transpose.h"

namespace thimble::test {
namespace {

using Ints = std::vector<int32_t>;

TensorId ints(Builder& b, const Ints& v) { return b.constant_i32("ints", v); }

template <class T>
Bytes counting(int64_t n) {
  Bytes bytes(static_cast<size_t>(n) * sizeof(T));
  for (int64_t i = 0; i < n; ++i) {
    const T v = static_cast<T>(i * 37 + 11);
    std::memcpy(bytes.data() + static_cast<size_t>(i) * sizeof(T), &v, sizeof(T));
  }
  return bytes;
}

// The output's numbers of one node over counting inputs.
Bytes run_one(const Build& build, DType type, const std::vector<Shape>& shapes, const RunMode& mode) {
  Graph g;
  Builder b(g);
  std::vector<TensorId> in;
  std::vector<Bytes> inputs;
  for (const Shape& s : shapes) {
    in.push_back(b.input("x", type, s));
    const int64_t n = s.elements();
    inputs.push_back(bits(type) == 8    ? counting<uint8_t>(n)
                     : bits(type) == 16 ? counting<int16_t>(n)
                     : bits(type) == 64 ? counting<int64_t>(n)
                                        : counting<int32_t>(n));
  }
  const auto y = build(b, in);
  EXPECT_TRUE(y) << y.error().to_string();
  if (!y) return {};
  g.outputs = {*y};
  const auto outputs = run_graph(g, inputs, mode);
  EXPECT_TRUE(outputs) << outputs.error().to_string();
  return outputs ? (*outputs)[0] : Bytes{};
}

// ---- moving, checked element by element ----

// Elements of x, at the places that `index` names, in order.
Bytes gathered(const Bytes& x, size_t width, const std::vector<int64_t>& index) {
  Bytes y;
  for (int64_t i : index)
    y.insert(y.end(), x.begin() + i * static_cast<int64_t>(width), x.begin() + (i + 1) * static_cast<int64_t>(width));
  return y;
}

TEST(Move, TransposeOfEveryPermutationAndWidth) {
  const Shape x{3, 4, 33, 20};
  for (const DType type : {DType::i8, DType::i16, DType::i32, DType::i64}) {
    Ints perm = {0, 1, 2, 3};
    do {
      std::vector<int64_t> index;
      const auto strides = dense_strides(x);
      int64_t at[4];
      const auto p = [&](int d) { return static_cast<size_t>(perm[static_cast<size_t>(d)]); };
      const auto dim = [&](int d) { return x[static_cast<int>(p(d))]; };
      for (at[0] = 0; at[0] < dim(0); ++at[0])
        for (at[1] = 0; at[1] < dim(1); ++at[1])
          for (at[2] = 0; at[2] < dim(2); ++at[2])
            for (at[3] = 0; at[3] < dim(3); ++at[3])
              index.push_back(at[0] * strides[p(0)] + at[1] * strides[p(1)] + at[2] * strides[p(2)] +
                              at[3] * strides[p(3)]);
      const int64_t n = x.elements();
      const Bytes input = bits(type) == 8    ? counting<uint8_t>(n)
                          : bits(type) == 16 ? counting<int16_t>(n)
                          : bits(type) == 64 ? counting<int64_t>(n)
                                             : counting<int32_t>(n);
      const Bytes want = gathered(input, static_cast<size_t>(bits(type) / 8), index);
      const Build build = [&](Builder& b, const std::vector<TensorId>& in) {
        return b.op(Op::transpose, {in[0], ints(b, perm)}, TransposeAttrs{}, "y");
      };
      for (const RunMode& mode : kModes)
        ASSERT_EQ(run_one(build, type, {x}, mode), want)
            << mode.name << " " << perm[0] << perm[1] << perm[2] << perm[3];
    } while (std::next_permutation(perm.begin(), perm.end()));
  }
}

TEST(Move, SplitThenConcatenationIsTheSame) {
  const Shape x{6, 10, 9000 / 60};
  for (int axis = -3; axis < 3; ++axis)
    for (const RunMode& mode : kModes) {
      const Build build = [&](Builder& b, const std::vector<TensorId>& in) -> Result<TensorId> {
        THIMBLE_ASSIGN(const auto halves, b.node(Op::split, {ints(b, {axis}), in[0]}, SplitAttrs{}, "halves", 2));
        THIMBLE_ASSIGN(const auto parts, b.node(Op::split_v, {halves[1], ints(b, {1, -1, 0}), ints(b, {axis})},
                                                SplitAttrs{}, "parts", 3));
        return b.op(Op::concatenation, {halves[0], parts[0], parts[1], parts[2]}, ConcatenationAttrs{axis}, "y");
      };
      EXPECT_EQ(run_one(build, DType::i16, {x}, mode), counting<int16_t>(x.elements())) << axis << " " << mode.name;
    }
}

TEST(Move, PadThenSliceIsTheSame) {
  const Shape x{3, 50, 7, 11};
  for (const RunMode& mode : kModes) {
    const Build build = [&](Builder& b, const std::vector<TensorId>& in) -> Result<TensorId> {
      const int32_t amounts[] = {0, 1, 2, 0, 1, 1, 3, 4};
      const TensorId paddings = b.constant("p", DType::i32, {4, 2}, Data::of(std::span<const int32_t>(amounts)));
      THIMBLE_ASSIGN(const TensorId padded, b.op(Op::pad, {in[0], paddings}, PadAttrs{}, "padded"));
      return b.op(Op::slice, {padded, ints(b, {0, 2, 1, 3}), ints(b, {3, 50, -1, 11})}, SliceAttrs{}, "y");
    };
    Build middle = [&](Builder& b, const std::vector<TensorId>& in) -> Result<TensorId> {
      THIMBLE_ASSIGN(const TensorId y, build(b, in));
      return b.op(Op::slice, {y, ints(b, {0, 0, 0, 0}), ints(b, {-1, -1, 7, -1})}, SliceAttrs{}, "z");
    };
    EXPECT_EQ(run_one(middle, DType::i32, {x}, mode), counting<int32_t>(x.elements())) << mode.name;
  }
}

TEST(Move, PadValues) {
  Graph g;
  Builder b(g);
  const int32_t amounts[] = {2, 1};
  const TensorId paddings = b.constant("p", DType::i32, {1, 2}, Data::of(std::span<const int32_t>(amounts)));
  Tensor like{.type = DType::i8, .quant = {{0.5f}, {-7}}};
  const TensorId x = b.input("x", DType::i8, {2});
  g.at(x).quant = like.quant;
  g.outputs = {*b.op(Op::pad, {x, paddings}, PadAttrs{}, "y", &like)};
  const int8_t want[] = {-7, -7, 5, 6, -7};
  for (const RunMode& mode : kModes) EXPECT_EQ(std::memcmp((*run_graph(g, {{5, 6}}, mode))[0].data(), want, 5), 0);
}

TEST(Move, EmptyBoxes) {
  for (const RunMode& mode : kModes) {
    const Build build = [](Builder& b, const std::vector<TensorId>& in) -> Result<TensorId> {
      THIMBLE_ASSIGN(const TensorId none,
                     b.op(Op::slice, {in[0], ints(b, {2, 0}), ints(b, {0, 3})}, SliceAttrs{}, "none"));
      return b.op(Op::concatenation, {none, in[0], none}, ConcatenationAttrs{0}, "y");
    };
    EXPECT_EQ(run_one(build, DType::i32, {{2, 3}}, mode), counting<int32_t>(6));
  }
}

// ---- reductions ----
TEST(Reduce, FastEqualsReferenceForEverySetOfAxes) {
  const Shape x{3, 5, 4, 37};
  std::vector<float> v = values(x.elements(), -1.3f, 0.0021f);
  for (const Op op : {Op::mean, Op::sum, Op::reduce_max, Op::reduce_min})
    for (int set = 0; set < 16; ++set) {
      Ints axes;
      for (int d = 0; d < 4; ++d)
        if (set >> d & 1) axes.push_back(d % 2 ? d - 4 : d);
      for (const DType type : {DType::f32, DType::i8, DType::u8}) {
        Graph g;
        Builder b(g);
        const TensorId in = b.input("x", type, x);
        Tensor like{.type = type};
        if (type != DType::f32) {
          g.at(in).quant = {{0.03f}, {type == DType::i8 ? -5 : 120}};
          like.quant = op == Op::mean  ? Quantization{{0.021f}, {9}}
                       : op == Op::sum ? Quantization{{0.9f}, {9}}
                                       : g.at(in).quant;
        }
        const auto y = b.op(op, {in, ints(b, axes)}, ReduceAttrs{set % 3 == 0}, "y", &like);
        ASSERT_TRUE(y) << y.error().to_string();
        g.outputs = {*y};
        const Bytes input = type == DType::f32 ? bytes_of(v) : counting<uint8_t>(x.elements());
        const auto want = run_graph(g, {input}, kModes[0]), got = run_graph(g, {input}, kModes[1]);
        ASSERT_TRUE(want && got);
        EXPECT_EQ(type == DType::f32 ? difference_floats((*got)[0], (*want)[0], 1e-6)
                                     : difference_bytes((*got)[0], (*want)[0]),
                  "")
            << name(op) << " " << set << " " << name(type);
        EXPECT_EQ(*run_graph(g, {input}, kModes[2]), *got) << name(op) << " with two threads " << set;
      }
    }
}

TEST(Reduce, SpecialValuesAndNothing) {
  const float nan = std::nanf(""), inf = INFINITY;
  const auto reduced = [](Op op, const Shape& shape, const std::vector<float>& x, const RunMode& mode) {
    Graph g;
    Builder b(g);
    g.outputs = {*b.op(op, {b.input("x", DType::f32, shape), ints(b, {1})}, ReduceAttrs{}, "y")};
    return floats_of((*run_graph(g, {bytes_of(x)}, mode))[0]);
  };
  for (const RunMode& mode : kModes) {
    EXPECT_EQ(reduced(Op::reduce_max, {1, 3}, {-inf, -inf, -inf}, mode)[0], -inf);
    EXPECT_EQ(reduced(Op::reduce_min, {1, 3}, {inf, inf, inf}, mode)[0], inf);
    EXPECT_TRUE(std::isnan(reduced(Op::reduce_max, {1, 3}, {1, nan, 2}, mode)[0]));
    EXPECT_TRUE(std::isnan(reduced(Op::reduce_min, {1, 3}, {nan, 1, 2}, mode)[0]));
    EXPECT_EQ(reduced(Op::reduce_max, {1, 3}, {1, -inf, 2}, mode)[0], 2);
    EXPECT_EQ(reduced(Op::sum, {2, 0}, {}, mode), (std::vector<float>{0, 0}));
    EXPECT_TRUE(std::isnan(reduced(Op::mean, {1, 0}, {}, mode)[0]));
    EXPECT_EQ(reduced(Op::reduce_max, {1, 0}, {}, mode)[0], std::numeric_limits<float>::lowest());
  }
}

// ---- gradients ----
TEST(MoveGradient, AllOperators) {
  const auto v = [](const Shape& s) { return values(s.elements(), -1.03f, 0.171f); };
  const auto check = [&](const char* what, const Build& build, std::vector<Shape> shapes) {
    std::vector<std::vector<float>> at;
    for (const Shape& s : shapes) at.push_back(v(s));
    check_gradient(what, build, shapes, at);
  };
  using In = const std::vector<TensorId>&;
  check("concatenation",
        [](Builder& b, In x) {
          return b.op(Op::concatenation, {x[0], x[1], x[0]}, ConcatenationAttrs{-1}, "y");
        },
        {{2, 3}, {2, 1}});
  check("pad",
        [](Builder& b, In x) {
          const int64_t amounts[] = {1, 0, 0, 2};
          return b.op(Op::pad, {x[0], b.constant("p", DType::i64, {2, 2}, Data::of(std::span<const int64_t>(amounts)))},
                      PadAttrs{}, "y");
        },
        {{3, 2}});
  check("slice",
        [](Builder& b, In x) {
          return b.op(Op::slice, {x[0], ints(b, {1, 0}), ints(b, {2, -1})}, SliceAttrs{}, "y");
        },
        {{4, 3}});
  check("strided_slice",
        [](Builder& b, In x) {
          return b.op(Op::strided_slice, {x[0], ints(b, {-1, 0, 1}), ints(b, {0, 5, 2}), ints(b, {-2, 2, 1})},
                      StridedSliceAttrs{.end_mask = 1, .shrink_axis_mask = 4}, "y");
        },
        {{4, 5, 3}});
  check("transpose",
        [](Builder& b, In x) {
          return b.op(Op::transpose, {x[0], ints(b, {2, 0, -2})}, TransposeAttrs{}, "y");
        },
        {{2, 3, 4}});
  check("split",
        [](Builder& b, In x) -> Result<TensorId> {  // the middle part is not used
          THIMBLE_ASSIGN(const auto parts, b.node(Op::split, {ints(b, {1}), x[0]}, SplitAttrs{}, "parts", 3));
          return b.op(Op::mul, {parts[0], parts[2]}, BinaryAttrs{}, "y");
        },
        {{2, 6}});
  check("split_v",
        [](Builder& b, In x) -> Result<TensorId> {
          THIMBLE_ASSIGN(const auto parts,
                         b.node(Op::split_v, {x[0], ints(b, {2, -1}), ints(b, {0})}, SplitAttrs{}, "parts", 2));
          return b.op(Op::add, {parts[0], parts[1]}, BinaryAttrs{}, "y");
        },
        {{4, 2}});
  for (const Op op : {Op::mean, Op::sum, Op::reduce_max, Op::reduce_min})
    for (const bool keep : {false, true})
      for (const Ints& axes : {Ints{1}, Ints{0, -1}, Ints{}, Ints{0, 1, 2}})
        check(name(op),
              [&](Builder& b, In x) {
                return b.op(op, {x[0], ints(b, axes)}, ReduceAttrs{keep}, "y");
              },
              {{2, 3, 2}});
}

TEST(ReduceGradient, TiesShareEqually) {
  Graph g;
  Builder b(g);
  const TensorId x = b.input("x", DType::f32, {2, 4});
  const TensorId y = *b.op(Op::reduce_max, {x, ints(b, {1})}, ReduceAttrs{}, "y");
  const TensorId loss = *b.op(Op::sum, {y, ints(b, {0})}, ReduceAttrs{}, "loss");
  g.outputs = {differentiate(b, loss, std::span(&x, 1))->at(0)};
  for (const RunMode& mode : kModes)
    EXPECT_EQ(floats_of((*run_graph(g, {bytes_of({3, 1, 3, 2, 5, 5, 5, 5})}, mode))[0]),
              (std::vector<float>{0.5f, 0, 0.5f, 0, 0.25f, 0.25f, 0.25f, 0.25f}));
}

// ---- what is refused ----
TEST(Move, RefusesMalformedOperands) {
  Graph g;
  Builder b(g);
  const TensorId x = b.input("x", DType::f32, {2, 3, 4}), m = b.input("m", DType::f32, {2, 3}),
                 n = b.input("n", DType::i32, {2, 3});
  const TensorId run_time = b.input("run_time", DType::i32, {3});
  const auto refuse = [&](Op op, std::vector<TensorId> inputs, Attrs attrs, int outs = 1) {
    const auto y = b.node(op, std::move(inputs), std::move(attrs), "y", outs);
    EXPECT_FALSE(y) << name(op);
    if (y) return;
    const ErrorCode code = y.error().code;
    EXPECT_TRUE(code == ErrorCode::bad_file || code == ErrorCode::unsupported || code == ErrorCode::needs_value)
        << y.error().to_string();
  };
  for (int axis : {-4, 3, INT32_MIN}) refuse(Op::concatenation, {x, x}, ConcatenationAttrs{axis});
  refuse(Op::concatenation, {}, ConcatenationAttrs{0});
  refuse(Op::concatenation, {x, m}, ConcatenationAttrs{0});
  refuse(Op::concatenation, {m, n}, ConcatenationAttrs{0});
  refuse(Op::concatenation, {m, m}, ConcatenationAttrs{0, Activation::relu});
  refuse(Op::concatenation, {m, kNoTensor}, ConcatenationAttrs{0});
  refuse(Op::concatenation, {x, b.input("y", DType::f32, {2, 4, 4})}, ConcatenationAttrs{0});
  const auto paddings = [&](std::vector<int64_t> v, Shape s) {
    return b.constant("p", DType::i64, s, Data::of(std::span<const int64_t>(v)));
  };
  refuse(Op::pad, {m, paddings({0, 1, -1, 0}, {2, 2})}, PadAttrs{});
  refuse(Op::pad, {m, paddings({0, 1, INT64_MAX, INT64_MAX}, {2, 2})}, PadAttrs{});
  refuse(Op::pad, {m, paddings({0, 1, INT32_MAX, 0}, {2, 2})}, PadAttrs{});
  refuse(Op::pad, {m, paddings({0, 1, 1, 1}, {4})}, PadAttrs{});
  refuse(Op::pad, {m, b.input("dynamic", DType::i32, {2, 2})}, PadAttrs{});
  refuse(Op::pad, {m, paddings({0, 1, 1, 1}, {2, 2}), n}, PadAttrs{});
  for (const Ints& perm : {Ints{0, 1}, Ints{0, 1, 1}, Ints{0, 1, 3}, Ints{0, 1, -4}, Ints{0, 1, 2, 3}})
    refuse(Op::transpose, {x, ints(b, perm)}, TransposeAttrs{});
  refuse(Op::transpose, {x, run_time}, TransposeAttrs{});
  refuse(Op::split, {ints(b, {2}), x}, SplitAttrs{}, 3);
  refuse(Op::split, {ints(b, {3}), x}, SplitAttrs{}, 2);
  refuse(Op::split, {ints(b, {0}), x}, SplitAttrs{}, 0);
  for (const Ints& sizes : {Ints{1, 1}, Ints{-1, -1}, Ints{5, -1}, Ints{-2, 6}, Ints{INT32_MAX, INT32_MAX}, Ints{4}})
    refuse(Op::split_v, {x, ints(b, sizes), ints(b, {2})}, SplitAttrs{}, 2);
  refuse(Op::slice, {m, ints(b, {0, -1}), ints(b, {1, 1})}, SliceAttrs{});
  refuse(Op::slice, {m, ints(b, {0, 2}), ints(b, {1, 2})}, SliceAttrs{});
  refuse(Op::slice, {m, ints(b, {0, 0}), ints(b, {1, -2})}, SliceAttrs{});
  refuse(Op::slice, {m, ints(b, {0}), ints(b, {1})}, SliceAttrs{});
  refuse(Op::slice, {m, ints(b, {0, INT32_MAX}), ints(b, {1, INT32_MAX})}, SliceAttrs{});
  const auto strided = [&](const Ints& begin, const Ints& end, const Ints& strides, StridedSliceAttrs attrs = {}) {
    refuse(Op::strided_slice, {m, ints(b, begin), ints(b, end), ints(b, strides)}, attrs);
  };
  strided({0, 0}, {2, 3}, {1, 0});
  strided({0, 0}, {2, 3}, {1, INT32_MIN});
  strided({0, 0}, {2, 3}, {1});
  strided({0, 0, 0}, {2, 3, 1}, {1, 1, 1});
  strided({0, 0}, {2, 3}, {1, 1}, {.ellipsis_mask = 3});
  strided({0, 3}, {2, 4}, {1, 1}, {.shrink_axis_mask = 2});
  strided(Ints(9, 0), Ints(9, 1), Ints(9, 1), {.new_axis_mask = 0x1fc});
  strided(Ints(40, 0), Ints(40, 1), Ints(40, 1), {.new_axis_mask = -1});
  for (const Ints& axes : {Ints{3}, Ints{-4}, Ints(33, 1)}) refuse(Op::sum, {x, ints(b, axes)}, ReduceAttrs{});
  refuse(Op::mean, {x, run_time}, ReduceAttrs{});
  refuse(Op::mean, {x, b.constant_f32("f", {1}, std::vector<float>{1})}, ReduceAttrs{});
}

}  // namespace
}  // namespace thimble::test
