#include "runtime/repeated_nodes.h"

#include <algorithm>

namespace thimble {
namespace {

template <class Visit>
void each_operand(const Node& node, Visit visit) {
  for (const auto* list : {&node.inputs, &node.outputs, &node.intermediates})
    for (const TensorId t : *list) visit(t);
}

}  // namespace

RepeatedNodes::RepeatedNodes(const Checked& checked) : graph_(checked.graph), shared_(graph_.tensors.size(), false) {
  std::vector<char> read(graph_.tensors.size(), 0);
  for (const Node& node : graph_.nodes)
    for (const TensorId t : node.inputs) {
      if (t == kNoTensor || !graph_.at(t).constant()) continue;
      if (read[static_cast<size_t>(t)]) shared_[static_cast<size_t>(t)] = true;
      read[static_cast<size_t>(t)] = 1;
    }
}

// What lowering sees of a node; empty where it shares no constant with another. Constants are themselves, other
// operands their type, shape and scales, and which of them are one tensor.
std::string RepeatedNodes::key_of(const Node& node) const {
  const auto shares = [this](TensorId t) { return t != kNoTensor && shared_[static_cast<size_t>(t)]; };
  if (!std::ranges::any_of(node.inputs, shares)) return {};
  std::string key =
      format("{} {} {} {}", index(node.op), node.attrs.to_string(), node.inputs.size(), node.outputs.size());
  std::vector<TensorId> seen;
  each_operand(node, [&](TensorId t) {
    if (t == kNoTensor) {
      key += " none";
      return;
    }
    const Tensor& tensor = graph_.at(t);
    if (tensor.constant()) {
      key += format(" constant {}", t);
      return;
    }
    const auto first = std::ranges::find(seen, t);
    key += format(" {} {} {} {}", first - seen.begin(), static_cast<int>(tensor.type), tensor.shape.to_string(),
                  tensor.variable ? "variable" : "");
    if (first == seen.end()) seen.push_back(t);
    for (const float s : tensor.quant.scale) key += format(" {:a}", s);
    for (const int32_t z : tensor.quant.zero_point) key += format(" {}", z);
    key += format(" axis {}", tensor.quant.axis);
  });
  return key;
}

bool RepeatedNodes::repeat(LowerContext& ctx) const {
  const std::string key = key_of(ctx.node);
  const auto at = key.empty() ? lowered_.end() : lowered_.find(key);
  if (at == lowered_.end()) return false;
  const Node& first = graph_.nodes[static_cast<size_t>(at->second.node)];
  std::vector<TensorId> from, to;
  each_operand(first, [&](TensorId t) { from.push_back(t); });
  each_operand(ctx.node, [&](TensorId t) { to.push_back(t); });
  ctx.steps = at->second.steps;
  ctx.scratches = at->second.scratches;
  for (StepPlan& step : ctx.steps) {
    step.node = ctx.node_id;
    for (Fixup& f : step.fixups) {
      if (f.to != Fixup::To::tensor) continue;
      const auto operand = std::ranges::find(from, f.id);
      if (operand == from.end()) {  // of no operand: such steps cannot be handed on
        ctx.steps.clear(), ctx.scratches.clear();
        return false;
      }
      f.id = to[static_cast<size_t>(operand - from.begin())];
    }
  }
  return true;
}

void RepeatedNodes::keep(const LowerContext& ctx) {
  std::string key = key_of(ctx.node);
  if (!key.empty()) lowered_.try_emplace(std::move(key), Lowered{ctx.node_id, ctx.steps, ctx.scratches});
}

}  // namespace thimble
