// Operators of the domain com.microsoft that onnxruntime's quantiser writes: those of ai.onnx between dequantisation
// and quantisation.
#include "formats/onnx/integer.h"
#include "formats/onnx/matrix.h"

namespace thimble::onnx {
namespace {

// The opset of ai.onnx whose operators they are like.
constexpr int64_t kLike = 13;

// Inputs i to i + 2: integers, their scale, their zero point.
TensorId real(Maker& m, const Call& c, size_t i, int64_t axis = 1) {
  if (!c.has(i) || !c.has(i + 1)) return m.bad(format("input {} is left out", c.has(i) ? i + 1 : i));
  return dequantised(m, c[i], {c[i + 1], c[i + 2], axis});
}

// The result in the scale and zero point of inputs i and i + 1.
Ids rounded(Maker& m, const Call& c, TensorId y, size_t i) {
  if (!c.has(i)) return {m.bad(format("input {} is left out", i))};
  const DType type = c.has(i + 1) ? m.type(c[i + 1]) : m.type(c[0]);
  return {quantised(m, y, {c[i], c[i + 1]}, {type})};
}

// x, its scale and zero point, those of y: an operator of ai.onnx with the same attributes.
Ids like(Maker& m, const Call& c, std::string_view op, int64_t opset = kLike) {
  Call plain = c.with({real(m, c, 0)}, opset);
  if (m.failed()) return {};
  const Ids y = rule_of(op)->read(m, plain);
  return y.empty() || m.failed() ? Ids{} : rounded(m, c, y[0], 3);
}

Ids pool(Maker& m, Call& c, std::string_view op) {
  if (c.i("channels_last", 0) == 0) return like(m, c, op);
  return {m.unsupported("images with channels last (channels_last = 1)")};
}

template <TensorId (Maker::*f)(TensorId, TensorId)>
Ids two(Maker& m, Call& c) {
  return rounded(m, c, (m.*f)(real(m, c, 0), real(m, c, 3)), 6);
}

Ids concat(Maker& m, Call& c) {
  Ids parts;
  if (c.in.size() % 3 != 2) return {m.bad(format("{} inputs", c.in.size()))};
  for (size_t i = 2; i < c.in.size(); i += 3) {
    parts.push_back(real(m, c, i));
  }
  if (m.failed()) return {};
  const DType type = c.has(1) ? m.type(c[1]) : m.type(c[2]);
  return {quantised(m, m.concat(parts, m.axis(c.i("axis", 1), m.rank(parts[0]))), {c[0], c[1]}, {type})};
}

// alpha · (A · B + C): C is int32, in the scale of the products.
Ids gemm(Maker& m, Call& c) {
  if (m.rank(c[0]) != 2 || m.rank(c[3]) != 2) return {m.bad("its operands are no matrices")};
  if (!c.has(4)) return {m.bad("input 4 is left out")};
  const bool turn = c.i("transB", 0) != 0;
  const float alpha = c.f("alpha", 1);
  const TensorId x = real(m, c, 0), w = real(m, c, 3, turn ? 0 : 1);
  const TensorId a = c.i("transA", 0) ? turned(m, x) : x, b = turn ? w : turned(m, w);
  TensorId y = kNoTensor;
  const int64_t outputs = m.shape(b)[0];
  if (!c.has(6)) {
    y = linear(m, a, b);
  } else {
    const TensorId scale = m.mul(c[1], m.reshape(c[4], Ints{m.shape(c[4]).elements()}));
    const TensorId bias = dequantised(m, c[6], {scale, kNoTensor, -1});
    const bool fits = m.constant(bias) && m.shape(bias).elements() == outputs && m.shape(bias).dim(-1) == outputs;
    y = fits ? linear(m, a, b, m.reshape(bias, Ints{outputs})) : m.add(linear(m, a, b), bias);
  }
  if (alpha != 1) y = m.mul(y, alpha);
  return c.has(7) ? rounded(m, c, y, 7) : Ids{y};
}

// Those of ai.onnx, for types that it has only since opset 21.
Ids same(Maker& m, const Call& c, std::string_view op) {
  Call plain = c.with(c.in, kLike);
  return rule_of(op)->read(m, plain);
}

constexpr int kAny = INT32_MAX;

constexpr Rule kRules[] = {
    {"DequantizeLinear", 2, 3, [](Maker& m, Call& c) { return same(m, c, "DequantizeLinear"); }},
    {"QGemm", 2, 9, gemm},
    {"QLinearAdd", 2, 8, two<&Maker::add>},
    {"QLinearAveragePool", 2, 5, [](Maker& m, Call& c) { return pool(m, c, "AveragePool"); }},
    {"QLinearConcat", 1, kAny, concat},
    {"QLinearGlobalAveragePool", 2, 5, [](Maker& m, Call& c) { return pool(m, c, "GlobalAveragePool"); }},
    {"QLinearLeakyRelu", 2, 5, [](Maker& m, Call& c) { return like(m, c, "LeakyRelu"); }},
    {"QLinearMul", 2, 8, two<&Maker::mul>},
    {"QLinearSigmoid", 2, 5, [](Maker& m, Call& c) { return like(m, c, "Sigmoid"); }},
    {"QuantizeLinear", 2, 3, [](Maker& m, Call& c) { return same(m, c, "QuantizeLinear"); }},
    {"QLinearSoftmax", 2, 5, [](Maker& m, Call& c) { return like(m, c, "Softmax", c.i("opset", kLike)); }},
};

}  // namespace

std::span<const Rule> microsoft_rules() { return kRules; }

}  // namespace thimble::onnx
