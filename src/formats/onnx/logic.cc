// ONNX's comparisons, functions of bits and choices.
#include <limits>

#include "formats/onnx/rule.h"
#include "ops/binary/binary.h"
#include "ops/gather/gather.h"

namespace thimble::onnx {
namespace {

template <Op op>
Ids two(Maker& m, Call& c) {
  return {m.compute(op, {c[0], c[1]})};
}

TensorId negated(Maker& m, TensorId x) { return m.op(Op::logical_not, {x}); }

TensorId exclusive(Maker& m, TensorId x, TensorId y) { return m.op(Op::bitwise_xor, {x, y}, {}, x); }
// ⌊x / 2⌋
TensorId halved(Maker& m, TensorId x) { return m.op(Op::right_shift, {x, m.like(x, 1)}, {}, x); }

// Bits that both x and y have: x + y counts those twice that the exclusive or lacks. Halves are added, and last bits by
// themselves, so that no sum leaves the type.
TensorId common_bits(Maker& m, TensorId x, TensorId y) {
  const TensorId p = halved(m, x), q = halved(m, y);
  const TensorId upper = m.sub(m.add(p, q), exclusive(m, p, q));
  const TensorId a = m.sub(x, m.add(p, p)), b = m.sub(y, m.add(q, q));
  return m.add(upper, halved(m, m.sub(m.add(a, b), exclusive(m, a, b))));
}

// Of one type that is no float.
bool bit_operands(Maker& m, const Call& c) {
  const DType type = m.type(c[0]);
  if (type == m.type(c[c.in.size() - 1]) && m.integer(c[0]) && type != DType::boolean) return !m.failed();
  m.bad(format("bits of {}", m.at(c[0]).to_string()));
  return false;
}

Ids bitwise_and(Maker& m, Call& c) {
  if (!bit_operands(m, c)) return {};
  return {common_bits(m, c[0], c[1])};
}
Ids bitwise_or(Maker& m, Call& c) {
  if (!bit_operands(m, c)) return {};
  return {m.add(exclusive(m, c[0], c[1]), common_bits(m, c[0], c[1]))};
}
Ids bitwise_xor(Maker& m, Call& c) {
  if (!bit_operands(m, c)) return {};
  return {exclusive(m, c[0], c[1])};
}
Ids bitwise_not(Maker& m, Call& c) {
  if (!bit_operands(m, c)) return {};
  return {exclusive(m, c[0], m.cast(m.scalar(DType::i64, -1), m.type(c[0])))};
}

// To the left it is a product with a power of two.
Ids bit_shift(Maker& m, Call& c) {
  const std::string_view direction = c.s("direction", "");
  const DType type = m.type(c[0]);
  if (direction != "LEFT" && direction != "RIGHT") return {m.bad(format("direction \"{}\"", direction))};
  if (!bit_operands(m, c)) return {};
  // Counts below 0 or beyond the width leave nothing, or the sign.
  const int64_t width = bits(type);
  const TensorId none = m.like(c[1], 0);
  const TensorId beyond =
      m.op(Op::logical_or, {m.compute(Op::less, {c[1], none}),
                            m.compute(Op::greater_equal, {c[1], m.like(c[1], static_cast<double>(width))})});
  if (direction == "RIGHT") {
    const TensorId by = m.select(beyond, m.like(c[1], static_cast<double>(width - 1)), c[1]);
    const TensorId shifted = m.op(Op::right_shift, {c[0], by}, {}, c[0]);
    return {Maker::is_unsigned(type) ? m.select(beyond, m.like(shifted, 0), shifted) : shifted};
  }
  std::vector<uint64_t> list;
  for (int64_t k = 0; k < width; ++k) list.push_back(uint64_t{1} << k);
  const TensorId powers = m.constant(
      {.name = "powers", .type = DType::u64, .shape = {width}, .data = Data::of(std::span<const uint64_t>(list))});
  const TensorId count = m.cast(m.select(beyond, none, c[1]), DType::i32);
  const TensorId factor = m.cast(m.op(Op::gather, {powers, count}, GatherAttrs{0, 0}, powers), type);
  const TensorId shifted = m.mul(c[0], factor);
  return {m.select(beyond, m.like(shifted, 0), shifted)};
}

// With the divisor's sign, or (fmod) the dividend's.
Ids mod(Maker& m, Call& c) {
  const bool like_c = c.i("fmod", 0) != 0;
  if (!like_c || Maker::is_unsigned(m.type(c[0]))) return {m.compute(Op::floor_mod, {c[0], c[1]})};
  const TensorId zero = m.like(c[0], 0), one = m.like(c[0], 1);
  const auto absolute = [&](TensorId x) { return m.maximum(x, m.sub(zero, x)); };
  const TensorId rest = m.compute(Op::floor_mod, {absolute(c[0]), absolute(c[1])});
  const TensorId sign = m.select(m.compute(Op::less, {c[0], zero}), m.sub(zero, one), one);
  return {m.mul(rest, sign)};
}

// In the base's type; a whole power of a float is one as well.
Ids pow(Maker& m, Call& c) {
  const DType base = m.type(c[0]), exponent = m.type(c[1]);
  if (Maker::is_float(base)) return {m.compute(Op::pow, {c[0], m.cast(c[1], base)})};
  if (base != DType::i32 && base != DType::i64) return {m.unsupported(format("powers of {}", name(base)))};
  if (Maker::is_float(exponent))
    return {m.cast(m.compute(Op::pow, {m.cast(c[0], DType::f64), m.cast(c[1], DType::f64)}), base)};
  return {m.compute(Op::pow, {c[0], m.cast(c[1], base)})};
}

Ids is_inf(Maker& m, Call& c) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const TensorId x = m.cast(c[0], Maker::wide(m.type(c[0])));
  const TensorId above = m.op(Op::equal, {x, m.like(x, kInfinity)}),
                 below = m.op(Op::equal, {x, m.like(x, -kInfinity)});
  const bool positive = c.i("detect_positive", 1) != 0, negative = c.i("detect_negative", 1) != 0;
  if (positive && negative) return {m.op(Op::logical_or, {above, below})};
  if (positive) return {above};
  return {negative ? below : m.op(Op::not_equal, {x, x})};
}

// |x| ≤ lambd is 0; the others come nearer to 0 by bias.
Ids shrink(Maker& m, Call& c) {
  const float bias = c.f("bias", 0), lambd = c.f("lambd", 0.5f);
  const DType type = m.type(c[0]);
  const TensorId x = m.cast(c[0], type == DType::f64 ? type : DType::f32), zero = m.like(x, 0);
  const TensorId above = m.select(m.op(Op::greater, {x, m.like(x, lambd)}), m.add(x, -bias), zero);
  return {m.cast(m.select(m.op(Op::less, {x, m.like(x, -lambd)}), m.add(x, bias), above), type)};
}

Ids thresholded_relu(Maker& m, Call& c) {
  const TensorId above = m.compute(Op::greater, {c[0], m.like(c[0], c.f("alpha", 1))});
  return {m.select(above, c[0], m.like(c[0], 0))};
}

// Entries above (below) a diagonal become 0.
Ids trilu(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  if (x.rank() < 2) return {m.bad(format("{} is no matrix", x.to_string()))};
  const Ints given = c.has(1) ? m.ints(c[1], "the diagonal") : Ints{0};
  if (m.failed() || given.size() != 1) return {m.bad("the diagonal is one number")};
  const bool upper = c.i("upper", 1) != 0;
  const int64_t rows = x.dim(-2), columns = x.dim(-1);
  if (rows * columns > Maker::kMostBytes) return {m.unsupported("so large a matrix")};
  std::vector<uint8_t> kept;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t k = 0; k < columns; ++k) kept.push_back(upper ? k - r >= given[0] : k - r <= given[0]);
  const TensorId mask = m.constant({.name = "triangle",
                                    .type = DType::boolean,
                                    .shape = {rows, columns},
                                    .data = Data::of(std::span<const uint8_t>(kept))});
  return {m.select(mask, c[0], m.like(c[0], 0))};
}

constexpr Rule kRules[] = {
    {"And", 2, 2, two<Op::logical_and>},
    {"BitShift", 2, 2, bit_shift},
    {"BitwiseAnd", 2, 2, bitwise_and},
    {"BitwiseNot", 1, 1, bitwise_not},
    {"BitwiseOr", 2, 2, bitwise_or},
    {"BitwiseXor", 2, 2, bitwise_xor},
    {"Equal", 2, 2, two<Op::equal>},
    {"Greater", 2, 2, two<Op::greater>},
    {"GreaterOrEqual", 2, 2, two<Op::greater_equal>},
    {"IsInf", 1, 1, is_inf},
    {"IsNaN", 1, 1,
     [](Maker& m, Call& c) -> Ids {
       return {m.compute(Op::not_equal, {c[0], c[0]})};
     }},
    {"Less", 2, 2, two<Op::less>},
    {"LessOrEqual", 2, 2, two<Op::less_equal>},
    {"Mod", 2, 2, mod},
    {"Not", 1, 1, [](Maker& m, Call& c) -> Ids { return {negated(m, c[0])}; }},
    {"Or", 2, 2, two<Op::logical_or>},
    {"Pow", 2, 2, pow},
    {"Shrink", 1, 1, shrink},
    {"ThresholdedRelu", 1, 1, thresholded_relu},
    {"Trilu", 1, 2, trilu},
    {"Where", 3, 3, [](Maker& m, Call& c) -> Ids { return {m.select(c[0], c[1], c[2])}; }},
    {"Xor", 2, 2, two<Op::not_equal>},
};

}  // namespace

std::span<const Rule> logic_rules() { return kRules; }

}  // namespace thimble::onnx
