// The C definitions of operators (src/ops/*/kernel.h): random plans by the fast paths, and the float forms that C has
// of what the host's references compute in double.
#include <cfloat>

#include "base/random.h"
#include "harness.h"
#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/pool2d/pool2d.h"
#include "ops/reduce/reduce.h"
#include "ops/softmax/softmax.h"
#include "ops/unary/unary.h"

namespace thimble::test {
namespace {

struct Drawn {
  Graph graph;
  std::vector<Bytes> inputs;
};

class Source : public Random {
 public:
  using Random::Random;
  int between(int lo, int hi) { return lo + static_cast<int>(below(static_cast<uint64_t>(hi - lo + 1))); }
  template <class T, size_t N>
  T one_of(const T (&values)[N]) {
    return values[below(N)];
  }
  Shape shape(int lo_rank, int hi_rank, int largest) {
    Shape s;
    for (int rank = between(lo_rank, hi_rank); rank > 0; --rank) s.push_back(between(1, largest));
    return s;
  }
  Quantization quantization(DType type, double lo = -8, double hi = 2) {
    if (type == DType::f32) return {};
    return {{static_cast<float>(std::exp2(uniform(lo, hi)))}, {between(0, 255) - (type == DType::i8 ? 128 : 0)}, 0};
  }
  Bytes bytes(DType type, int64_t count) {
    Bytes data(static_cast<size_t>(count * thimble::bits(type) / 8));
    if (type != DType::f32)
      for (uint8_t& v : data) v = static_cast<uint8_t>(bits());
    for (int64_t i = 0; type == DType::f32 && i < count; ++i) {
      const auto v = static_cast<float>(normal() * 3);
      std::memcpy(&data[static_cast<size_t>(i) * 4], &v, 4);
    }
    return data;
  }
  TensorId input(Drawn& d, DType type, const Shape& shape, const Quantization& quantization) {
    const TensorId t = Builder(d.graph).input("x", type, shape);
    d.graph.at(t).quant = quantization;
    d.inputs.push_back(bytes(type, shape.elements()));
    return t;
  }
};

constexpr DType kTypes[] = {DType::f32, DType::i8, DType::i8, DType::u8};

Result<TensorId> draw_unary(Source& s, Drawn& d) {
  static constexpr Op kOps[] = {
#define UNARY(id, kernel, packed, code, tag, ...) Op::id,
#include "ops/unary/unary.def"
  };
  const DType type = s.between(0, 3) ? DType::i8 : DType::u8;
  const Op op = s.one_of(kOps);
  Tensor like{.type = type, .quant = s.quantization(type)};
  if (op == Op::sigmoid) like.quant = {{1.0f / 256}, {type == DType::u8 ? 0 : -128}, 0};
  const TensorId x = s.input(d, type, {s.between(0, 600)}, s.quantization(type));
  return Builder(d.graph).op(
      op, {x}, UnaryAttrs{.alpha = static_cast<float>(s.uniform(-1, 2)), .approximate = s.between(0, 1) == 1}, "y",
      &like);
}

Result<TensorId> draw_pool(Source& s, Drawn& d) {
  const DType type = s.one_of(kTypes);
  const Quantization q = s.quantization(type, -7, 0);
  const TensorId x = s.input(d, type, {s.between(1, 2), s.between(1, 9), s.between(1, 9), s.between(1, 70)}, q);
  const Pool2dAttrs attrs{s.between(1, 5),
                          s.between(1, 5),
                          s.between(1, 3),
                          s.between(1, 3),
                          s.between(0, 3) ? Padding::same : Padding::valid,
                          s.one_of({Activation::none, Activation::relu, Activation::relu6, Activation::relu_n1_to_1})};
  const Tensor like{.type = type, .quant = q};
  return Builder(d.graph).op(s.between(0, 1) ? Op::max_pool : Op::average_pool, {x}, attrs, "y", &like);
}

Result<TensorId> draw_softmax(Source& s, Drawn& d) {
  const DType type = s.one_of(kTypes);
  const bool log = s.between(0, 1);
  const int32_t low = type == DType::u8 ? 0 : -128;
  Tensor like{.type = type};
  if (type != DType::f32)
    like.quant = log ? Quantization{{1.0f / 16}, {low + 255}, 0} : Quantization{{1.0f / 256}, {low}, 0};
  const TensorId x = s.input(d, type, s.shape(1, 3, 20), s.quantization(type, -12, 3));
  if (log) return Builder(d.graph).op(Op::log_softmax, {x}, {}, "y", &like);
  return Builder(d.graph).op(Op::softmax, {x}, SoftmaxAttrs{static_cast<float>(s.uniform(0.1, 3))}, "y", &like);
}

// A shape that broadcasts to `whole`.
Shape part_of(Source& s, const Shape& whole) {
  Shape part;
  for (int d = s.between(0, whole.rank()); d < whole.rank(); ++d) part.push_back(s.between(0, 2) ? whole[d] : 1);
  return part;
}

Result<TensorId> draw_prelu(Source& s, Drawn& d) {
  const DType type = s.one_of(kTypes);
  const Shape shape = s.shape(1, 5, 7), alphas = part_of(s, shape);
  const TensorId x = s.input(d, type, shape, s.quantization(type));
  Builder b(d.graph);
  const TensorId alpha = b.constant("alpha", type, alphas, Data::copy(s.bytes(type, alphas.elements())));
  d.graph.at(alpha).quant = s.quantization(type, -9, -5);
  const Tensor like{.type = type, .quant = s.quantization(type)};
  return b.op(Op::prelu, {x, alpha}, {}, "y", &like);
}

Result<TensorId> draw_binary(Source& s, Drawn& d) {
  const DType type = s.one_of(kTypes);
  const Op op = s.one_of({Op::add, Op::sub, Op::mul, Op::div, Op::maximum, Op::minimum, Op::squared_difference});
  Shape whole = s.shape(0, 6, 5);
  if (whole.rank() > 0 && s.between(0, 1)) whole.set(whole.rank() - 1, s.between(1, 90));
  const Shape own = part_of(s, whole);
  const bool swap = s.between(0, 1), raw = op == Op::maximum || op == Op::minimum;
  const Quantization q = s.quantization(type);
  const TensorId a = s.input(d, type, swap ? own : whole, q);
  const TensorId b = s.input(d, type, swap ? whole : own, raw ? q : s.quantization(type));
  const Tensor like{.type = type, .quant = raw ? q : s.quantization(type)};
  return Builder(d.graph).op(op, {a, b},
                             BinaryAttrs{s.one_of({Activation::none, Activation::none, Activation::relu,
                                                   Activation::relu6, Activation::relu_n1_to_1})},
                             "y", &like);
}

Result<TensorId> draw_reduce(Source& s, Drawn& d) {
  const DType type = s.one_of(kTypes);
  const Op op = s.one_of({Op::mean, Op::sum, Op::reduce_max, Op::reduce_min});
  Shape shape = s.shape(1, 6, 5);
  if (s.between(0, 2) == 0) shape.set(shape.rank() - 1, s.between(0, 400));
  std::vector<int32_t> axes;
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (s.between(0, 1)) axes.push_back(s.between(0, 1) ? axis : axis - shape.rank());
  const bool raw = op == Op::reduce_max || op == Op::reduce_min;
  const Quantization q = s.quantization(type);
  const TensorId x = s.input(d, type, shape, q);
  const Tensor like{.type = type, .quant = raw ? q : s.quantization(type)};
  Builder b(d.graph);
  return b.op(op, {x, b.constant_i32("axes", axes)}, ReduceAttrs{s.between(0, 1) == 1}, "y", &like);
}

struct Family {
  const char* name;
  Result<TensorId> (*draw)(Source&, Drawn&);
};

class RandomPlans : public testing::TestWithParam<Family> {};

TEST_P(RandomPlans, FastEqualsReference) {
  constexpr int kPlans = 3000;
  int accepted = 0;
  for (int i = 0; i < kPlans; ++i) {
    Source source(2026, static_cast<uint64_t>(i));
    Drawn d;
    const auto y = GetParam().draw(source, d);
    if (!y) continue;  // scales too far apart, a window that does not fit
    ++accepted;
    d.graph.outputs = {*y};
    const auto want = run_graph(d.graph, d.inputs, kModes[0]);
    ASSERT_TRUE(want) << want.error().to_string();
    for (const RunMode& mode : {kModes[1], kModes[2]}) {
      if (mode.threads > 1 && i % 16) continue;
      const auto got = run_graph(d.graph, d.inputs, mode);
      ASSERT_TRUE(got) << got.error().to_string();
      const bool floats = d.graph.at(*y).type == DType::f32;
      ASSERT_EQ(floats ? difference_floats((*got)[0], (*want)[0], 2e-6) : difference_bytes((*got)[0], (*want)[0]), "")
          << "plan " << i << ", " << mode.name << "\n"
          << dump(d.graph);
    }
  }
  EXPECT_GT(accepted, kPlans / 2);
}
INSTANTIATE_TEST_SUITE_P(Kernels, RandomPlans,
                         testing::Values(Family{"unary", draw_unary}, Family{"pool2d", draw_pool},
                                         Family{"softmax", draw_softmax}, Family{"prelu", draw_prelu},
                                         Family{"binary", draw_binary}, Family{"reduce", draw_reduce}),
                         [](const auto& family) { return std::string(family.param.name); });

// ---- float forms ----

struct Form {
  const char* name;
  Op op;
  bool approximate;
  float (*value)(float, float);
};
constexpr Form kForms[] = {
#define UNARY(id, kernel, packed, code, tag, ...) {#id, Op::id, false, thimble_##id##_value},
#include "ops/unary/unary.def"
    {"gelu_tanh", Op::gelu, true, thimble_gelu_tanh_value}};

// The bound that kernel.h states.
double bound(const Form& form, double x, double y) {
  const double unit = 0x1p-23 * std::fabs(y);
  if (form.approximate) return (4 + 8 * std::fabs(x + 0.044715 * x * x * x)) * unit;
  switch (form.op) {
    case Op::exp:
    case Op::log:
    case Op::sin:
    case Op::cos: return unit;
    case Op::tanh:
    case Op::rsqrt:
    case Op::softsign: return 2 * unit;
    case Op::sigmoid:
    case Op::silu:
    case Op::elu:
    case Op::selu:
    case Op::softplus:
    case Op::erf:
    case Op::tan:
    case Op::asin:
    case Op::acos:
    case Op::atan:
    case Op::sinh:
    case Op::cosh:
    case Op::asinh:
    case Op::acosh:
    case Op::atanh: return 4 * unit;
    case Op::mish: return 8 * unit;
    case Op::gelu: return (4 + 2 * x * x) * unit;
    case Op::hard_sigmoid: return 0x1p-23;
    default: return -1;  // the same bits
  }
}

TEST(Kernels, FloatFormsOfUnaryFunctionsKeepTheirBounds) {
  constexpr float kAlpha = 0.7f, kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> at = {0.0f,       -0.0f,   kInfinity,   -kInfinity, NAN,   FLT_MAX, -FLT_MAX, FLT_MIN,
                           -FLT_MIN,   1e-40f,  -1e-40f,     0.5f,       -0.5f, 1.5f,    2.5f,     -1.5f,
                           -2.5f,      3.0f,    -3.0f,       6.0f,       1e20f, -1e20f,  88.8f,    -88.8f,
                           8388609.0f, -103.0f, 16777216.0f, 4194304.5f, -0.3f};
  Source source(7);
  for (int i = 0; i < 20000; ++i) at.push_back(static_cast<float>(source.normal() * (i % 2 ? 1 : 12)));
  for (const Form& form : kForms) {
    const UnaryRow& row = unary_row(form.op, {.approximate = form.approximate});
    const bool in_floats = form.op == Op::hard_swish;
    for (const float x : at) {
      const float want = in_floats ? row.value_f32(x, kAlpha) : static_cast<float>(row.value(x, kAlpha));
      const float got = form.value(x, kAlpha);
      if (got == want && std::signbit(got) == std::signbit(want)) continue;
      if (std::isnan(want) && std::isnan(got)) continue;
      const double exact = in_floats ? want : row.value(x, kAlpha);
      ASSERT_LE(std::fabs(got - exact), bound(form, x, exact) + (std::fabs(exact) < 1e-36 ? 1e-36 : 0))
          << form.name << " of " << x << ": " << got << " instead of " << want;
    }
  }
}

TEST(Kernels, FloatSumsKeepTheirBound) {
  Source source(11);
  for (int i = 0; i < 2000; ++i) {
    thimble_reduce p{};
    p.kept.count = 1;
    p.reduced = {.rank = 1, .count = source.between(1, 20), .dims = {0}, .strides = {0}};
    p.run = source.between(1, 200);
    p.run_stride = 1;
    p.reduced.dims[0] = p.reduced.count;
    p.reduced.strides[0] = p.run;
    p.n = p.reduced.count * p.run;
    std::vector<float> x;
    double sum = 0, size = 0;
    for (int64_t k = 0; k < p.n; ++k) {
      x.push_back(static_cast<float>(source.normal() * std::exp2(source.uniform(-20, 20))));
      sum += x.back();
      size += std::fabs(x.back());
    }
    float y;
    thimble_sum_f32(&p, x.data(), &y);
    const double n = static_cast<double>(p.n), u = 0x1p-24;
    ASSERT_LE(std::fabs(y - sum), u * std::fabs(sum) + n * n * u * u * size) << i;
    thimble_mean_f32(&p, x.data(), &y);
    ASSERT_LE(std::fabs(y - sum / n), (2 * u * std::fabs(sum) + n * n * u * u * size) / n) << i;
  }
  thimble_reduce p{};
  p.kept.count = p.reduced.count = p.run_stride = 1;
  p.run = p.n = 3;
  const float infinite[] = {1, INFINITY, 2}, none[] = {INFINITY, 1, -INFINITY};
  float y;
  thimble_sum_f32(&p, infinite, &y);
  EXPECT_EQ(y, INFINITY);
  thimble_sum_f32(&p, none, &y);
  EXPECT_TRUE(std::isnan(y));
}

}  // namespace
}  // namespace thimble::test
