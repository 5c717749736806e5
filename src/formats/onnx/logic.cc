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

// Bits of x and y where both have them: (x + y − (x xor y)) / 2, in integers wide enough for the sum.
TensorId common_bits(Maker& m, TensorId x, TensorId y) {
  const DType type = m.type(x);
  if (type != DType::i8 && type != DType::u8 && type != DType::i16 && type != DType::u16)
    return m.unsupported(format("bits of {}", name(type)));
  const TensorId a = m.cast(x, DType::i32), b = m.cast(y, DType::i32);
  const TensorId twice = m.sub(m.add(a, b), m.op(Op::bitwise_xor, {a, b}));
  return m.op(Op::right_shift, {twice, m.expand(m.scalar(DType::i32, 1), m.shape(twice))});
}

Ids bitwise_and(Maker& m, Call& c) { return {m.cast(common_bits(m, c[0], c[1]), m.type(c[0]))}; }
Ids bitwise_or(Maker& m, Call& c) {
  const TensorId sum = m.add(m.cast(c[0], DType::i32), m.cast(c[1], DType::i32));
  return {m.cast(m.sub(sum, common_bits(m, c[0], c[1])), m.type(c[0]))};
}
Ids bitwise_not(Maker& m, Call& c) {
  const DType type = m.type(c[0]);
  const bool wide = type == DType::i64 || type == DType::u32;
  const TensorId x = m.cast(c[0], wide ? DType::i64 : DType::i32);
  return {m.cast(m.sub(m.like(x, -1), x), type)};
}

// To the left it is a product with a power of two.
Ids bit_shift(Maker& m, Call& c) {
  const std::string_view direction = c.s("direction", "");
  const DType type = m.type(c[0]);
  if (type == DType::u64 || type == DType::i64) return {m.unsupported(format("shifted {}", name(type)))};
  if (direction != "LEFT" && direction != "RIGHT") return {m.bad(format("direction \"{}\"", direction))};
  // Counts below 0 or beyond the width leave nothing, or the sign.
  const int64_t width = bits(type);
  const TensorId given = m.cast(c[1], DType::i32), none = m.scalar(DType::i32, 0);
  const TensorId too_many = m.op(Op::greater_equal, {given, m.scalar(DType::i32, static_cast<double>(width))});
  const TensorId beyond = m.op(Op::logical_or, {m.op(Op::less, {given, none}), too_many});
  if (direction == "RIGHT") {
    const bool is_signed = type == DType::i8 || type == DType::i16 || type == DType::i32;
    const TensorId most = m.scalar(DType::i32, static_cast<double>(width - 1));
    const TensorId by = m.cast(m.select(beyond, most, given), type);
    const TensorId shifted = m.op(Op::right_shift, {c[0], by}, {}, c[0]);
    return {is_signed ? shifted : m.select(beyond, m.like(shifted, 0), shifted)};
  }
  Tensor powers{.name = "powers", .type = DType::u32, .shape = {32}};
  std::vector<uint32_t> list;
  for (uint32_t k = 0; k < 32; ++k) list.push_back(1u << k);
  powers.data = Data::of(std::span<const uint32_t>(list));
  const TensorId count = m.select(beyond, none, given);
  const TensorId factor = m.op(Op::gather, {m.constant(std::move(powers)), count}, GatherAttrs{0, 0});
  const TensorId shifted = m.cast(m.op(Op::mul, {m.cast(c[0], DType::u32), factor}, BinaryAttrs{}), type);
  return {m.select(beyond, m.like(shifted, 0), shifted)};
}

// With the divisor's sign, or (fmod) the dividend's.
Ids mod(Maker& m, Call& c) {
  const bool like_c = c.i("fmod", 0) != 0;
  if (!like_c) return {m.compute(Op::floor_mod, {c[0], c[1]})};
  const TensorId zero = m.like(c[0], 0), one = m.like(c[0], 1);
  const auto absolute = [&](TensorId x) { return m.maximum(x, m.sub(zero, x)); };
  const TensorId rest = m.compute(Op::floor_mod, {absolute(c[0]), absolute(c[1])});
  const TensorId sign = m.select(m.compute(Op::less, {c[0], zero}), m.sub(zero, one), one);
  return {m.mul(rest, sign)};
}

// In the base's type; a whole power of a float is one as well.
Ids pow(Maker& m, Call& c) {
  const DType base = m.type(c[0]), exponent = m.type(c[1]);
  const auto is_float = [](DType t) { return t == DType::f32 || t == DType::f16; };
  if (is_float(base)) return {m.compute(Op::pow, {c[0], m.cast(c[1], base)})};
  if (is_float(exponent))
    return {m.cast(m.compute(Op::pow, {m.cast(c[0], DType::f32), m.cast(c[1], DType::f32)}), base)};
  if (base != DType::i32) return {m.unsupported(format("powers of {}", name(base)))};
  return {m.compute(Op::pow, {c[0], m.cast(c[1], base)})};
}

Ids is_inf(Maker& m, Call& c) {
  const float infinity = std::numeric_limits<float>::infinity();
  const TensorId x = m.cast(c[0], DType::f32);
  const TensorId above = m.op(Op::equal, {x, m.scalar(infinity)}), below = m.op(Op::equal, {x, m.scalar(-infinity)});
  const bool positive = c.i("detect_positive", 1) != 0, negative = c.i("detect_negative", 1) != 0;
  if (positive && negative) return {m.op(Op::logical_or, {above, below})};
  if (positive) return {above};
  return {negative ? below : m.op(Op::not_equal, {x, x})};
}

// |x| ≤ lambd is 0; the others come nearer to 0 by bias.
Ids shrink(Maker& m, Call& c) {
  const float bias = c.f("bias", 0), lambd = c.f("lambd", 0.5f);
  const DType type = m.type(c[0]);
  const TensorId x = m.cast(c[0], DType::f32), zero = m.scalar(0.0f);
  const TensorId above = m.select(m.op(Op::greater, {x, m.scalar(lambd)}), m.add(x, -bias), zero);
  return {m.cast(m.select(m.op(Op::less, {x, m.scalar(-lambd)}), m.add(x, bias), above), type)};
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
    {"BitwiseXor", 2, 2,
     [](Maker& m, Call& c) -> Ids {
       return {m.op(Op::bitwise_xor, {c[0], c[1]}, {}, c[0])};
     }},
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
