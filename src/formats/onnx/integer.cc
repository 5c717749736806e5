// ONNX's quantised operators as the float and integer arithmetic that defines them.
#include <algorithm>
#include <cmath>
#include <optional>

#include "formats/onnx/constants.h"
#include "formats/onnx/conv.h"
#include "formats/onnx/integer.h"
#include "formats/onnx/matrix.h"
#include "formats/onnx/rule.h"

namespace thimble::onnx {
namespace {

struct Range {
  double low, high;
};
bool range_of(Stored to, Range* r) {
  if (to.small) {
    const int count = 1 << bits_of_small(to.small);
    *r = signed_small(to.small) ? Range{-count / 2.0, count / 2.0 - 1} : Range{0, count - 1.0};
    return true;
  }
  switch (to.type) {
    case DType::i8: *r = {-128, 127}; return true;
    case DType::u8: *r = {0, 255}; return true;
    case DType::i16: *r = {-32768, 32767}; return true;
    case DType::u16: *r = {0, 65535}; return true;
    default: return false;
  }
}

// A scale or zero point against x: one, one per entry of `axis`, or one per block of it.
TensorId spread(Maker& m, TensorId v, TensorId x, int64_t axis_given, int64_t block) {
  const int rank = m.rank(x);
  if (m.failed() || m.rank(v) == 0 || (m.rank(v) == 1 && m.shape(v).elements() == 1))
    return m.failed() ? kNoTensor : m.reshape(v, Shape{});
  const int axis = m.axis(axis_given, rank);
  if (m.failed()) return kNoTensor;
  if (block == 0) {
    if (m.rank(v) != 1 || m.shape(v)[0] != m.shape(x)[axis])
      return m.bad(format("scales {} along axis {} of {}", m.shape(v).to_string(), axis, m.shape(x).to_string()));
    Ints dims(static_cast<size_t>(rank), 1);
    dims[static_cast<size_t>(axis)] = m.shape(v)[0];
    return m.reshape(v, dims);
  }
  if (m.rank(v) != rank || block < 0) return m.bad(format("scales {} in blocks of {}", m.shape(v).to_string(), block));
  if (rank == Shape::kMaxRank) return m.unsupported("blocks of eight axes");
  Ints dims = m.dims(v);
  dims.insert(dims.begin() + axis + 1, 1);
  TensorId y = m.reshape(v, dims);
  dims[static_cast<size_t>(axis) + 1] = block;
  auto wide = Shape::make(std::span<const int64_t>(dims));
  if (!wide) return m.fail(std::move(wide).error());
  y = m.expand(y, *wide);
  dims.erase(dims.begin() + axis + 1);
  dims[static_cast<size_t>(axis)] *= block;
  if (dims[static_cast<size_t>(axis)] < m.shape(x)[axis])
    return m.bad(format("scales {} in blocks of {}", m.shape(v).to_string(), block));
  return m.part(m.reshape(y, dims), axis, 0, m.shape(x)[axis]);
}

// A scale and zero point that are known, one or one per entry of an axis of x; none where they are not known, or no
// such numbers.
std::optional<Quantization> known_scale(Maker& m, const Scale& by, TensorId x) {
  if (m.failed() || !m.constant(by.scale) || (by.zero != kNoTensor && !m.constant(by.zero))) return std::nullopt;
  const auto count = static_cast<size_t>(m.shape(by.scale).elements());
  Quantization q{m.floats(by.scale, "the scale"), std::vector<int32_t>(count, 0), 0};
  const auto usable = [](float s) { return std::isfinite(s) && s > 0; };
  if (count == 0 || !std::ranges::all_of(q.scale, usable)) return std::nullopt;
  if (count > 1) {
    if (m.rank(by.scale) != 1 || by.axis < -m.rank(x) || by.axis >= m.rank(x)) return std::nullopt;
    q.axis = m.axis(by.axis, m.rank(x));
    if (m.shape(x)[q.axis] != static_cast<int64_t>(count)) return std::nullopt;
  }
  if (by.zero == kNoTensor) return q;
  const Ints zeros = m.ints(by.zero, "the zero point");
  if (zeros.size() != count) return std::nullopt;
  std::ranges::copy(zeros, q.zero_point.begin());
  return q;
}

bool has_scales(DType type) { return type == DType::i8 || type == DType::u8 || type == DType::i16; }

TensorId real(Maker& m, TensorId x) { return m.cast(x, DType::f32); }

// Rounded half to even, moved by the zero point and cut to the type.
TensorId saturated(Maker& m, TensorId ratio, TensorId zero, Stored to) {
  Range r{};
  const DType type = to.type;
  if (!range_of(to, &r)) return m.unsupported(format("quantisation to {}", name(type)));
  TensorId q = m.unary(Op::round, ratio);
  if (zero != kNoTensor) q = m.add(q, real(m, zero));
  q = m.minimum(m.maximum(q, m.scalar(static_cast<float>(r.low))), m.scalar(static_cast<float>(r.high)));
  if (type == DType::u16) q = m.cast(q, DType::i32);
  q = m.cast(q, type);
  m.mark_small(q, to.small);
  return q;
}

Stored quantised_type(Maker& m, const Call& c, size_t zero) {
  if (c.has(zero)) return {m.type(c[zero]), m.small(c[zero])};
  if (const int64_t given = c.i("output_dtype", 0); given != 0) {
    auto type = stored_as(static_cast<int32_t>(std::clamp<int64_t>(given, -1, 1000)));
    if (type) return *type;
    m.fail(std::move(type).error());
  }
  return {DType::u8};
}

Ids quantize_linear(Maker& m, Call& c) {
  if (Maker::wide(m.type(c[0])) != DType::f32) return {m.unsupported(format("quantisation of {}", name(m.type(c[0]))))};
  if (c.i("precision", 0) > 1) return {m.unsupported("another precision than float32")};
  return {quantised(m, c[0], {c[1], c[2], c.i("axis", 1), c.i("block_size", 0)}, quantised_type(m, c, 2))};
}

Ids dequantize_linear(Maker& m, Call& c) {
  DType type = m.type(c[1]);
  if (const int64_t given = c.i("output_dtype", 0); given != 0) {
    auto said = dtype_of(static_cast<int32_t>(std::clamp<int64_t>(given, -1, 1000)));
    if (!said) return {m.fail(std::move(said).error())};
    type = *said;
  }
  return {m.cast(dequantised(m, c[0], {c[1], c[2], c.i("axis", 1), c.i("block_size", 0)}), type)};
}

// To uint8, by the range of x with 0 in it.
Ids dynamic_quantize_linear(Maker& m, Call& c) {
  Ints axes;
  for (int d = 0; d < m.rank(c[0]); ++d) axes.push_back(d);
  const TensorId zero = m.scalar(0.0f);
  const TensorId high = m.maximum(m.reduce(Op::reduce_max, c[0], axes, false), zero);
  const TensorId low = m.minimum(m.reduce(Op::reduce_min, c[0], axes, false), zero);
  // Nothing but zeros has the scale 1, as in ONNX Runtime.
  const TensorId range = m.sub(high, low), scaled = m.div(range, m.scalar(255.0f));
  const TensorId scale = m.select(m.op(Op::equal, {range, zero}), m.scalar(1.0f), scaled);
  const TensorId place = m.minimum(m.maximum(m.div(m.unary(Op::neg, low), scale), zero), m.scalar(255.0f));
  const TensorId point = m.cast(m.unary(Op::round, place), DType::u8);
  return {saturated(m, m.div(c[0], scale), point, {DType::u8}), scale, point};
}

// Sums of products of 9-bit integers are exact in float32 up to so many.
constexpr int64_t kExact = (1 << 24) / (255 * 255);

// Integers less their zero points, as floats.
TensorId moved(Maker& m, TensorId x, TensorId zero, bool by_row) {
  if (zero == kNoTensor) return real(m, x);
  TensorId z = real(m, zero);
  if (m.shape(z).elements() == 1) z = m.reshape(z, Shape{});
  if (m.rank(z) == 1 && by_row) z = m.reshape(z, Ints{m.shape(z)[0], 1});
  return m.sub(real(m, x), z);
}

// a · b of whole numbers in int32: exact parts of the sums are added as integers.
TensorId integer_product(Maker& m, TensorId a, TensorId b) {
  const int64_t k = m.shape(a).dim(-1);
  TensorId sum = kNoTensor;
  for (int64_t at = 0; at < k && !m.failed(); at += kExact) {
    const int64_t n = std::min(kExact, k - at);
    const int rb = m.rank(b);
    const TensorId part = matmul(m, m.part(a, m.rank(a) - 1, at, n), m.part(b, rb == 1 ? 0 : rb - 2, at, n));
    const TensorId whole = m.cast(part, DType::i32);
    sum = sum == kNoTensor ? whole : m.add(sum, whole);
  }
  return sum == kNoTensor ? m.unsupported("a product over no entries") : sum;
}

bool eight_bits(Maker& m, const Call& c, std::initializer_list<size_t> inputs) {
  for (const size_t i : inputs)
    if (m.type(c[i]) != DType::i8 && m.type(c[i]) != DType::u8) {
      m.unsupported(format("a quantised product of {}", name(m.type(c[i]))));
      return false;
    }
  return true;
}

Ids matmul_integer(Maker& m, Call& c) {
  if (!eight_bits(m, c, {0, 1}) || m.rank(c[0]) == 0 || m.rank(c[1]) == 0) return {m.bad("a product of numbers")};
  return {integer_product(m, moved(m, c[0], c[2], true), moved(m, c[1], c[3], false))};
}

Ids qlinear_matmul(Maker& m, Call& c) {
  if (!eight_bits(m, c, {0, 3}) || m.rank(c[0]) == 0 || m.rank(c[3]) == 0) return {m.bad("a product of numbers")};
  const Scale a{c[1], c[2]}, b{c[4], c[5], -1}, y{c[6], c[7]};
  if (integer_layer(m, a, c[3], b, y))
    return {quantised(m, matmul(m, dequantised(m, c[0], a), dequantised(m, c[3], b)), y, {m.type(c[7])})};
  const TensorId sum = integer_product(m, moved(m, c[0], c[2], true), moved(m, c[3], c[5], false));
  const TensorId scale = m.div(m.mul(real(m, c[1]), real(m, c[4])), real(m, c[6]));
  return {saturated(m, m.mul(real(m, sum), scale), c[7], {m.type(c[7])})};
}

TensorId convolution(Maker& m, Call& c, TensorId x, TensorId w, TensorId bias, Shape kernel) {
  if (kernel.rank() < 3 || m.rank(x) != kernel.rank()) return m.bad(format("weights {}", kernel.to_string()));
  const auto list = kernel.dims().subspan(2);
  const auto s = slides(m, c, m.shape(x), Ints(list.begin(), list.end()));
  return convolved(m, x, w, bias, s, c.i("group", 1));
}

// That of whole numbers in float32, where its sums are exact.
TensorId whole_convolution(Maker& m, Call& c, TensorId x, TensorId w, Shape kernel) {
  if (kernel.rank() >= 3 && kernel.elements(1, kernel.rank()) > kExact)
    return m.unsupported(format("sums of {} products of integers", kernel.elements(1, kernel.rank())));
  return convolution(m, c, x, w, kNoTensor, kernel);
}

TensorId weights_moved(Maker& m, TensorId w, TensorId zero) {
  if (zero == kNoTensor || m.shape(zero).elements() == 1) return moved(m, w, zero, false);
  Ints dims(static_cast<size_t>(m.rank(w)), 1);
  dims[0] = m.shape(zero).elements();
  return m.sub(real(m, w), real(m, m.reshape(zero, dims)));
}

Ids conv_integer(Maker& m, Call& c) {
  if (!eight_bits(m, c, {0, 1})) return {};
  const TensorId y = whole_convolution(m, c, moved(m, c[0], c[2], false), weights_moved(m, c[1], c[3]), m.shape(c[1]));
  return {m.cast(y, DType::i32)};
}

Ids qlinear_conv(Maker& m, Call& c) {
  if (!eight_bits(m, c, {0, 3})) return {};
  const Scale x{c[1], c[2]}, w{c[4], c[5], 0}, to{c[6], c[7]};
  if (m.constant(c[3]) && integer_layer(m, x, c[3], w, to)) {
    const TensorId bias =
        c.has(8) ? dequantised(m, c[8], {m.mul(c[1], m.reshape(c[4], Ints{m.shape(c[4]).elements()})), kNoTensor, 0})
                 : kNoTensor;
    return {quantised(m, convolution(m, c, dequantised(m, c[0], x), dequantised(m, c[3], w), bias, m.shape(c[3])), to,
                      {m.type(c[7])})};
  }
  TensorId y = whole_convolution(m, c, moved(m, c[0], c[2], false), weights_moved(m, c[3], c[5]), m.shape(c[3]));
  const auto channel = [&](TensorId v) {
    if (m.shape(v).elements() == 1) return m.reshape(v, Shape{});
    Ints dims(static_cast<size_t>(std::max(1, m.rank(y) - 1)), 1);
    dims[0] = m.shape(v).elements();
    return m.reshape(v, dims);
  };
  if (c.has(8)) y = m.add(y, real(m, channel(c[8])));
  const TensorId scale = m.div(m.mul(real(m, c[1]), real(m, channel(c[4]))), real(m, c[6]));
  return {saturated(m, m.mul(y, scale), c[7], {m.type(c[7])})};
}

constexpr Rule kRules[] = {
    {"ConvInteger", 2, 4, conv_integer},
    {"DequantizeLinear", 2, 3, dequantize_linear},
    {"DynamicQuantizeLinear", 1, 1, dynamic_quantize_linear},
    {"MatMulInteger", 2, 4, matmul_integer},
    {"QLinearConv", 8, 9, qlinear_conv},
    {"QLinearMatMul", 8, 8, qlinear_matmul},
    {"QuantizeLinear", 2, 3, quantize_linear},
};

}  // namespace

TensorId quantised(Maker& m, TensorId x, const Scale& by, Stored to) {
  if (m.failed()) return kNoTensor;
  const DType type = to.type;
  if (!to.small && m.type(x) == DType::f32 && !m.constant(x) && by.block == 0 && has_scales(type)) {
    const auto q = known_scale(m, by, x);
    if (q && !q->per_axis()) return m.ops(Op::quantize, {x}, {}, 1, {.type = type, .quant = *q})[0];
  }
  const TensorId scale = spread(m, real(m, by.scale), x, by.axis, by.block);
  const TensorId zero = by.zero == kNoTensor ? kNoTensor : spread(m, by.zero, x, by.axis, by.block);
  return saturated(m, m.div(real(m, x), scale), zero, to);
}

TensorId dequantised(Maker& m, TensorId x, const Scale& by) {
  if (m.failed()) return kNoTensor;
  const bool fixed = m.constant(x), bias = fixed && m.type(x) == DType::i32;
  if ((has_scales(m.type(x)) || bias) && m.type(by.scale) == DType::f32 && by.block == 0) {
    const auto q = known_scale(m, by, x);
    const auto zero = [](int32_t z) { return z == 0; };
    if (q && (bias ? std::ranges::all_of(q->zero_point, zero) : fixed || !q->per_axis()))
      return m.dequantized(m.scaled(x, *q));
  }
  TensorId y = real(m, x);
  if (by.zero != kNoTensor) y = m.sub(y, real(m, spread(m, by.zero, x, by.axis, by.block)));
  return m.mul(y, spread(m, real(m, by.scale), x, by.axis, by.block));
}

bool integer_layer(Maker& m, const Scale& x, TensorId w, const Scale& of_w, const Scale& y) {
  if (m.failed()) return false;
  for (const Scale* s : {&x, &y}) {
    const auto q = known_scale(m, *s, kNoTensor);
    if (!q || q->per_axis()) return false;
  }
  const auto q = known_scale(m, of_w, w);
  if (!m.constant(w)) return q && !q->per_axis();
  const int32_t middle = m.type(w) == DType::u8 ? 128 : 0;
  return q && std::ranges::all_of(q->zero_point, [&](int32_t z) { return z == middle; });
}

std::span<const Rule> integer_rules() { return kRules; }

}  // namespace thimble::onnx
