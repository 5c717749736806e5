// ONNX's functions of single elements, with NumPy's broadcasting.
#include <cmath>

#include "formats/onnx/rule.h"

namespace thimble::onnx {
namespace {

template <Op op>
Ids one(Maker& m, Call& c) {
  return {m.unary(op, c[0])};
}

using Two = TensorId (Maker::*)(TensorId, TensorId);
template <Two f>
Ids two(Maker& m, Call& c) {
  return {(m.*f)(c[0], c[1])};
}

// Any number of operands, from left to right.
template <Two f>
TensorId many(Maker& m, const Call& c) {
  TensorId y = c[0];
  for (size_t i = 1; i < c.in.size(); ++i) y = (m.*f)(y, c[i]);
  return y;
}

TensorId relu(Maker& m, TensorId x) { return m.integer(x) ? m.maximum(x, m.like(x, 0)) : m.unary(Op::relu, x); }
TensorId negative(Maker& m, TensorId x) { return m.integer(x) ? m.sub(m.like(x, 0), x) : m.unary(Op::neg, x); }
TensorId sign(Maker& m, TensorId x) {
  if (Maker::is_unsigned(m.type(x))) return m.minimum(x, m.like(x, 1));
  return m.integer(x) ? m.minimum(m.maximum(x, m.like(x, -1)), m.like(x, 1)) : m.unary(Op::sign, x);
}

// x · sigmoid(alpha · x)
Ids swish(Maker& m, Call& c) {
  const float alpha = c.f("alpha", 1);
  if (alpha == 1) return {m.unary(Op::silu, c[0])};
  return {m.mul(c[0], m.unary(Op::sigmoid, m.mul(c[0], alpha)))};
}

Ids selu(Maker& m, Call& c) {
  const float alpha = c.f("alpha", 1.67326319217681884765625f), gamma = c.f("gamma", 1.05070102214813232421875f);
  return {m.mul(m.unary(Op::elu, c[0], alpha), gamma)};
}

// max(0, x) + min(0, alpha · (e^(x / alpha) − 1)) = alpha · elu(x / alpha)
Ids celu(Maker& m, Call& c) {
  const float alpha = c.f("alpha", 1);
  if (alpha == 0 || !std::isfinite(alpha)) return {m.bad(format("alpha is {}", alpha))};
  if (alpha < 0) return {m.unsupported("a negative alpha")};
  return {m.mul(m.unary(Op::elu, m.mul(c[0], 1 / alpha), 1), alpha)};
}

Ids hard_sigmoid(Maker& m, Call& c) {
  const float alpha = c.f("alpha", 0.2f), beta = c.f("beta", 0.5f);
  return {m.unary(Op::relu_0_to_1, m.add(m.mul(c[0], alpha), beta))};
}

Ids gelu(Maker& m, Call& c) {
  const std::string_view form = c.s("approximate", "none");
  if (form != "none" && form != "tanh") return {m.bad(format("approximate is \"{}\"", form))};
  return {m.unary(Op::gelu, c[0], 0, form == "tanh")};
}

// The slope's shape broadcasts to x's.
Ids prelu(Maker& m, Call& c) { return {m.compute(Op::prelu, {c[0], c[1]})}; }

// Opset 6 has the bounds as attributes, 11 and later as inputs. Where low is above high, high wins.
Ids clip(Maker& m, Call& c) {
  TensorId low = c[1], high = c[2];
  if (c.opset < 11) {
    if (c.given("min")) low = m.like(c[0], c.f("min", 0));
    if (c.given("max")) high = m.like(c[0], c.f("max", 0));
  }
  TensorId y = c[0];
  if (low != kNoTensor && m.constant(low) && high != kNoTensor && m.constant(high) && m.type(y) == DType::f32 &&
      m.shape(low).elements() == 1 && m.shape(high).elements() == 1) {
    const float a = m.floats(low, "min")[0], b = m.floats(high, "max")[0];
    if (a == 0 && b == 6) return {m.unary(Op::relu6, y)};
    if (a == -1 && b == 1) return {m.unary(Op::relu_n1_to_1, y)};
  }
  if (low != kNoTensor) y = m.maximum(y, low);
  if (high != kNoTensor) y = m.minimum(y, high);
  return {y};
}

Ids mean(Maker& m, Call& c) { return {m.mul(many<&Maker::add>(m, c), 1.0f / static_cast<float>(c.in.size()))}; }

constexpr int kAny = INT32_MAX;

constexpr Rule kRules[] = {
    {"Tan", 1, 1, one<Op::tan>},
    {"Sinh", 1, 1, one<Op::sinh>},
    {"Erf", 1, 1, one<Op::erf>},
    {"Cosh", 1, 1, one<Op::cosh>},
    {"Atanh", 1, 1, one<Op::atanh>},
    {"Atan", 1, 1, one<Op::atan>},
    {"Asinh", 1, 1, one<Op::asinh>},
    {"Asin", 1, 1, one<Op::asin>},
    {"Acosh", 1, 1, one<Op::acosh>},
    {"Acos", 1, 1, one<Op::acos>},
    {"Abs", 1, 1, [](Maker& m, Call& c) -> Ids { return {m.absolute(c[0])}; }},
    {"Add", 2, 2, two<&Maker::add>},
    {"Ceil", 1, 1, one<Op::ceil>},
    {"Celu", 1, 1, celu},
    {"Clip", 1, 3, clip},
    {"Cos", 1, 1, one<Op::cos>},
    {"Div", 2, 2, two<&Maker::div>},
    {"Elu", 1, 1, [](Maker& m, Call& c) -> Ids { return {m.unary(Op::elu, c[0], c.f("alpha", 1))}; }},
    {"Exp", 1, 1, one<Op::exp>},
    {"Floor", 1, 1, one<Op::floor>},
    {"Gelu", 1, 1, gelu},
    {"HardSigmoid", 1, 1, hard_sigmoid},
    {"HardSwish", 1, 1, one<Op::hard_swish>},
    {"LeakyRelu", 1, 1, [](Maker& m, Call& c) -> Ids { return {m.unary(Op::leaky_relu, c[0], c.f("alpha", 0.01f))}; }},
    {"Log", 1, 1, one<Op::log>},
    {"Max", 1, kAny, [](Maker& m, Call& c) -> Ids { return {many<&Maker::maximum>(m, c)}; }},
    {"Mean", 1, kAny, mean},
    {"Min", 1, kAny, [](Maker& m, Call& c) -> Ids { return {many<&Maker::minimum>(m, c)}; }},
    {"Mish", 1, 1, one<Op::mish>},
    {"Mul", 2, 2, two<&Maker::mul>},
    {"Neg", 1, 1, [](Maker& m, Call& c) -> Ids { return {negative(m, c[0])}; }},
    {"PRelu", 2, 2, prelu},
    {"Reciprocal", 1, 1, [](Maker& m, Call& c) -> Ids { return {m.div(m.like(c[0], 1), c[0])}; }},
    {"Relu", 1, 1, [](Maker& m, Call& c) -> Ids { return {relu(m, c[0])}; }},
    {"Round", 1, 1, one<Op::round>},
    {"Selu", 1, 1, selu},
    {"Sigmoid", 1, 1, one<Op::sigmoid>},
    {"Sign", 1, 1, [](Maker& m, Call& c) -> Ids { return {sign(m, c[0])}; }},
    {"Sin", 1, 1, one<Op::sin>},
    {"Softplus", 1, 1, one<Op::softplus>},
    {"Softsign", 1, 1, one<Op::softsign>},
    {"Sqrt", 1, 1, one<Op::sqrt>},
    {"Sub", 2, 2, two<&Maker::sub>},
    {"Sum", 1, kAny, [](Maker& m, Call& c) -> Ids { return {many<&Maker::add>(m, c)}; }},
    {"SwiGLU", 2, 2, [](Maker& m, Call& c) -> Ids { return {m.mul(swish(m, c)[0], c[1])}; }},
    {"Swish", 1, 1, swish},
    {"Tanh", 1, 1, one<Op::tanh>},
};

}  // namespace

std::span<const Rule> elementwise_rules() { return kRules; }

}  // namespace thimble::onnx
