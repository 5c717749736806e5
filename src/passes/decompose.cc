#include "passes/decompose.h"

#include <numeric>

#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/unary/unary.h"

namespace thimble {
namespace {

bool applies(const Graph& graph, const Node& node) {
  switch (node.op) {
    case Op::silu:
    case Op::softplus:
    case Op::mish:
    case Op::softsign:
    case Op::hard_sigmoid:
    case Op::selu: break;
    case Op::elu:
      if (node.attrs.as<UnaryAttrs>().alpha == 1) return false;
      break;
    default: return false;
  }
  return graph.at(node.inputs[0]).type == DType::f32;
}

// Builds the parts of one node; names are the node's with a suffix.
class Parts {
 public:
  Parts(Builder& builder, const Node& node) : builder_(builder), name_(node.name) {}

  Result<TensorId> unary(Op op, TensorId x) {
    return builder_.op(op, {x}, UnaryAttrs{.alpha = op == Op::elu ? 1.0f : 0.0f}, name(op));
  }
  Result<TensorId> binary(Op op, TensorId a, TensorId b, Activation activation = Activation::none) {
    return builder_.op(op, {a, b}, BinaryAttrs{activation}, name(op));
  }
  TensorId number(float v) { return builder_.scalar_f32(v); }

  Result<TensorId> softplus(TensorId x) {
    THIMBLE_ASSIGN(const TensorId magnitude, unary(Op::abs, x));
    THIMBLE_ASSIGN(const TensorId below, unary(Op::neg, magnitude));
    THIMBLE_ASSIGN(const TensorId e, unary(Op::exp, below));
    THIMBLE_ASSIGN(const TensorId sum, binary(Op::add, e, number(1)));
    THIMBLE_ASSIGN(const TensorId log, unary(Op::log, sum));
    THIMBLE_ASSIGN(const TensorId above, unary(Op::relu, x));
    return binary(Op::add, above, log);
  }
  // scale · x above 0, limit · (e^x − 1) below.
  Result<TensorId> elu(TensorId x, float scale, float limit) {
    THIMBLE_ASSIGN(TensorId above, unary(Op::relu, x));
    if (scale != 1) {
      THIMBLE_ASSIGN(above, binary(Op::mul, above, number(scale)));
    }
    THIMBLE_ASSIGN(const TensorId negative, binary(Op::minimum, x, number(0)));
    THIMBLE_ASSIGN(const TensorId e, unary(Op::elu, negative));
    THIMBLE_ASSIGN(const TensorId below, binary(Op::mul, e, number(limit)));
    return binary(Op::add, above, below);
  }

 private:
  std::string name(Op op) { return format("{}/{}", name_, thimble::name(op)); }
  Builder& builder_;
  std::string name_;
};

Result<TensorId> build(Parts& p, const Node& node) {
  const TensorId x = node.inputs[0];
  switch (node.op) {
    case Op::silu: {
      THIMBLE_ASSIGN(const TensorId gate, p.unary(Op::sigmoid, x));
      return p.binary(Op::mul, x, gate);
    }
    case Op::softplus: return p.softplus(x);
    case Op::mish: {
      THIMBLE_ASSIGN(const TensorId s, p.softplus(x));
      THIMBLE_ASSIGN(const TensorId gate, p.unary(Op::tanh, s));
      return p.binary(Op::mul, x, gate);
    }
    case Op::softsign: {
      THIMBLE_ASSIGN(const TensorId magnitude, p.unary(Op::abs, x));
      THIMBLE_ASSIGN(const TensorId divisor, p.binary(Op::add, magnitude, p.number(1)));
      return p.binary(Op::div, x, divisor);
    }
    case Op::hard_sigmoid: {
      THIMBLE_ASSIGN(const TensorId clamped, p.binary(Op::add, x, p.number(3), Activation::relu6));
      return p.binary(Op::mul, clamped, p.number(1.0f / 6));
    }
    case Op::selu: return p.elu(x, 1.05070098735548f, 1.75809934084738f);
    default: return p.elu(x, 1, node.attrs.as<UnaryAttrs>().alpha);
  }
}

}  // namespace

Result<Rewrite> decompose(Graph& graph) {
  Rewrite made;
  made.now.resize(graph.tensors.size());
  std::iota(made.now.begin(), made.now.end(), 0);
  std::vector<Node> before;
  before.swap(graph.nodes);
  Builder builder(graph);
  for (const Node& node : before) {
    if (!applies(graph, node)) {
      graph.nodes.push_back(node);
      continue;
    }
    Parts parts(builder, node);
    auto result = build(parts, node);
    if (!result) {
      graph.nodes.swap(before);  // as it was, with unused tensors
      return tl::unexpected<Error>(std::move(result).error());
    }
    graph.nodes.back().outputs[0] = node.outputs[0];
    ++made.count;
  }
  if (made.count > 0) {
    const std::vector<TensorId> now = drop_unused(graph);
    made.now.assign(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(made.now.size()));
  }
  return made;
}

}  // namespace thimble
