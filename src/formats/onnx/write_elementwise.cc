// Functions of single elements in ONNX: a node, or a formula where opset 13 has none.
#include <cmath>

#include "formats/onnx/write.h"
#include "ops/binary/binary.h"
#include "ops/unary/unary.h"

namespace thimble::onnx {
namespace {

using Layout = FileWriter::Layout;

// Functions that are one node without attributes.
const char* plain(Op op) {
  switch (op) {
    case Op::relu: return "Relu";
    case Op::sigmoid: return "Sigmoid";
    case Op::tanh: return "Tanh";
    case Op::exp: return "Exp";
    case Op::log: return "Log";
    case Op::sqrt: return "Sqrt";
    case Op::neg: return "Neg";
    case Op::abs: return "Abs";
    case Op::floor: return "Floor";
    case Op::ceil: return "Ceil";
    case Op::round: return "Round";
    case Op::sin: return "Sin";
    case Op::cos: return "Cos";
    case Op::sign: return "Sign";
    case Op::softplus: return "Softplus";
    case Op::softsign: return "Softsign";
    case Op::erf: return "Erf";
    case Op::tan: return "Tan";
    case Op::asin: return "Asin";
    case Op::acos: return "Acos";
    case Op::atan: return "Atan";
    case Op::sinh: return "Sinh";
    case Op::cosh: return "Cosh";
    case Op::asinh: return "Asinh";
    case Op::acosh: return "Acosh";
    case Op::atanh: return "Atanh";
    default: return nullptr;
  }
}

std::string clipped(FileWriter& w, const std::string& x, float low, float high) {
  return w.node("Clip", {x, w.number(low), w.number(high)});
}

Result<std::string> formula(FileWriter& w, Op op, const UnaryAttrs& attrs, const std::string& x) {
  if (const char* name = plain(op)) return w.node(name, {x});
  const auto mul = [&](const std::string& a, const std::string& b) { return w.node("Mul", {a, b}); };
  switch (op) {
    case Op::relu6: return clipped(w, x, 0, 6);
    case Op::relu_n1_to_1: return clipped(w, x, -1, 1);
    case Op::relu_0_to_1: return clipped(w, x, 0, 1);
    case Op::leaky_relu: return w.node("LeakyRelu", {x}, {{"alpha", attrs.alpha}});
    case Op::elu: return w.node("Elu", {x}, {{"alpha", attrs.alpha}});
    case Op::selu: return w.node("Selu", {x});
    case Op::rsqrt: return w.node("Reciprocal", {w.node("Sqrt", {x})});
    case Op::square: return mul(x, x);
    case Op::zeros_like: return mul(w.node("Sub", {x, x}), w.number(0));
    case Op::silu: return mul(x, w.node("Sigmoid", {x}));
    case Op::mish: return mul(x, w.node("Tanh", {w.node("Softplus", {x})}));
    case Op::hard_sigmoid: return w.node("HardSigmoid", {x}, {{"alpha", 1.0f / 6}, {"beta", 0.5f}});
    case Op::hard_swish: {
      if (w.opset >= 14) return w.node("HardSwish", {x});
      const std::string gate = clipped(w, w.node("Add", {x, w.number(3)}), 0, 6);
      return w.node("Div", {mul(x, gate), w.number(6)});
    }
    case Op::gelu: {
      if (attrs.approximate) {  // x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))
        const std::string cube = mul(mul(mul(x, x), x), w.number(0.044715f));
        const std::string t = w.node("Tanh", {mul(w.node("Add", {x, cube}), w.number(0.7978845608f))});
        return mul(mul(x, w.number(0.5f)), w.node("Add", {t, w.number(1)}));
      }
      const std::string e = w.node("Erf", {mul(x, w.number(0.7071067811865475f))});
      return mul(mul(x, w.number(0.5f)), w.node("Add", {e, w.number(1)}));
    }
    default: return fail(ErrorCode::unsupported, format("{} is not written to ONNX", name(op)));
  }
}

// In the layout that is there.
Layout layout_of(NodeWriter& n) {
  const TensorId x = n.node.inputs[0];
  return !n.w.has(x, Layout::own) ? Layout::channels_first : Layout::own;
}

Status unary(NodeWriter& n) {
  const Layout layout = layout_of(n);
  const bool integers = is_quantized_type(n.in(0).type);
  if (n.node.op == Op::neg && integers) {  // of the stored bytes
    n.w.give(n.node.outputs[0], n.w.node("Neg", {n.w.value(n.node.inputs[0], layout)}), layout);
    return {};
  }
  std::string x = n.w.real(n.node.inputs[0], layout);
  // Roots of what is below 0 are those of 0.
  if (integers && (n.node.op == Op::sqrt || n.node.op == Op::rsqrt)) x = n.w.node("Relu", {x});
  THIMBLE_ASSIGN(std::string y, formula(n.w, n.node.op, n.node.attrs.as<UnaryAttrs>(), x));
  n.w.give_real(n.node.outputs[0], std::move(y), layout);
  return {};
}

Status prelu(NodeWriter& n) {
  n.w.give_real(n.node.outputs[0], n.w.node("PRelu", {n.real(0), n.real(1)}, {}, n.node.name));
  return {};
}

Status binary(NodeWriter& n) {
  // Both operands channels first where they are so already, and of one shape.
  const bool first = n.in(0).shape == n.in(1).shape && !n.in(0).constant() && !n.in(1).constant() &&
                     !n.w.has(n.node.inputs[0], Layout::own) && !n.w.has(n.node.inputs[1], Layout::own);
  const Layout layout = first ? Layout::channels_first : Layout::own;
  const Names in{n.w.real(n.node.inputs[0], layout), n.w.real(n.node.inputs[1], layout)};
  std::string y;
  switch (n.node.op) {
    case Op::add: y = n.w.node("Add", in, {}, n.node.name); break;
    case Op::sub: y = n.w.node("Sub", in, {}, n.node.name); break;
    case Op::mul: y = n.w.node("Mul", in, {}, n.node.name); break;
    case Op::div:
      if (is_quantized_type(n.out().type))
        return fail(ErrorCode::unsupported, "a quotient of quantised integers, whose roundings ONNX does not have");
      y = n.w.node("Div", in, {}, n.node.name);
      break;
    case Op::maximum: y = n.w.node("Max", in, {}, n.node.name); break;
    case Op::minimum: y = n.w.node("Min", in, {}, n.node.name); break;
    default: {
      const std::string d = n.w.node("Sub", in);
      y = n.w.node("Mul", {d, d}, {}, n.node.name);
    }
  }
  n.w.give_real(n.node.outputs[0], n.w.activated(y, n.node.attrs.as<BinaryAttrs>().activation, n.out().type), layout);
  return {};
}

constexpr WriteRule kWriters[] = {
#define UNARY(id, ...) {Op::id, unary},
#include "ops/unary/unary.def"
    {Op::prelu, prelu}, {Op::add, binary},     {Op::sub, binary},     {Op::mul, binary},
    {Op::div, binary},  {Op::maximum, binary}, {Op::minimum, binary}, {Op::squared_difference, binary},
};

}  // namespace

std::span<const WriteRule> elementwise_writers() { return kWriters; }

}  // namespace thimble::onnx
