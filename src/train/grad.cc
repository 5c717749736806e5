#include "train/grad.h"

#include "ops/make.h"

namespace thimble {

namespace gradient {
#define OP(id, types, family, packed) Status family(GradContext&);
#include "ops/ops.def"
}  // namespace gradient

const Cell<GradFn>& gradient_of(Op op) {
  static constexpr Cell<GradFn> table[] = {
#define OP(id, types, family, packed) THIMBLE_CELL(GradFn, "grad", id, gradient::family)
#include "ops/ops.def"
  };
  return table[index(op)];
}

namespace {

// Which tensors a change of `wanted` reaches.
std::vector<char> reached_from(const Graph& graph, std::span<const TensorId> wanted) {
  std::vector<char> reached(graph.tensors.size(), 0);
  for (TensorId t : wanted) reached[static_cast<size_t>(t)] = 1;
  for (const Node& node : graph.nodes) {
    bool any = false;
    for (TensorId t : node.inputs) any = any || (t >= 0 && reached[static_cast<size_t>(t)]);
    if (any)
      for (TensorId t : node.outputs) reached[static_cast<size_t>(t)] = 1;
  }
  return reached;
}

class Differentiator {
 public:
  Differentiator(Builder& builder, std::span<const TensorId> wanted)
      : builder_(builder),
        reached_(reached_from(builder.graph(), wanted)),
        sums_(builder.graph().tensors.size(), kNoTensor) {}

  Status run(TensorId loss) {
    const float one = 1;
    sums_[static_cast<size_t>(loss)] = builder_.constant_f32("dloss", builder_.at(loss).shape, std::span(&one, 1));
    for (size_t i = builder_.graph().nodes.size(); i-- > 0;) THIMBLE_TRY(node(i));
    return {};
  }

  TensorId gradient(TensorId t) const { return sums_[static_cast<size_t>(t)]; }

 private:
  bool reached(TensorId t) const {
    return t >= 0 && static_cast<size_t>(t) < reached_.size() && reached_[static_cast<size_t>(t)];
  }

  Status node(size_t i) {
    const Node node = builder_.graph().nodes[i];
    std::vector<TensorId> dy;
    bool any = false;
    for (TensorId t : node.outputs) {
      dy.push_back(sums_[static_cast<size_t>(t)]);
      any = any || dy.back() != kNoTensor;
    }
    std::vector<char> needs;
    bool wanted = false;
    for (TensorId t : node.inputs) {
      const bool need = reached(t) && builder_.at(t).type == DType::f32;
      needs.push_back(need);
      wanted = wanted || need;
    }
    if (!any || !wanted) return {};
    const auto& cell = gradient_of(node.op);
    if (!cell.rule)
      return fail(ErrorCode::unsupported,
                  format("cannot train through node \"{}\" {}: {}", node.name, name(node.op), cell.why_not));
    GradContext ctx(builder_, node, std::move(dy), std::move(needs));
    if (Status s = cell.rule(ctx); !s)
      return with_context(std::move(s).error(), format("gradient of node \"{}\" {}", node.name, name(node.op)));
    for (size_t k = 0; k < node.inputs.size(); ++k)
      if (ctx.input_grads[k] != kNoTensor) THIMBLE_TRY(add(node.inputs[k], ctx.input_grads[k]));
    return {};
  }

  Status add(TensorId tensor, TensorId contribution) {
    TensorId& sum = sums_[static_cast<size_t>(tensor)];
    if (sum == kNoTensor) {
      sum = contribution;
      return {};
    }
    THIMBLE_ASSIGN(const TensorId total, make::add(builder_, sum, contribution, builder_.at(tensor).name + "/dsum"));
    sum = total;
    return {};
  }

  Builder& builder_;
  std::vector<char> reached_;
  std::vector<TensorId> sums_;  // gradient so far, per tensor of the forward graph
};

}  // namespace

Result<std::vector<TensorId>> differentiate(Builder& builder, TensorId loss, std::span<const TensorId> wanted) {
  if (builder.at(loss).shape.elements() != 1)
    return fail(ErrorCode::internal, format("the loss {} is not one number", builder.at(loss).to_string()));
  Differentiator d(builder, wanted);
  THIMBLE_TRY(d.run(loss));
  std::vector<TensorId> gradients;
  for (TensorId t : wanted) gradients.push_back(d.gradient(t));
  return gradients;
}

}  // namespace thimble
