#include "passes/join_products.h"

#include <algorithm>
#include <tuple>

#include "ops/fully_connected/fully_connected.h"
#include "passes/arrange.h"

namespace thimble {
namespace {

// A step of a sequence, read whole.
struct StepOf {
  TensorId sequence = kNoTensor;
  int64_t step = 0;
};

// Products with one matrix over one sequence.
struct Joint {
  std::vector<size_t> nodes;   // in their order
  std::vector<int64_t> steps;  // per node
};

class Joining {
 public:
  explicit Joining(Graph& graph) : was_(graph), graph_(graph), builder_(graph), origins_(was_) {}

  Result<int> run() {
    find();
    int joined = 0;
    std::map<size_t, const Joint*> at;  // by their first node
    for (const auto& [key, joint] : joints_)
      if (complete(std::get<0>(key), joint)) at[joint.nodes[0]] = &joint;
    if (at.empty()) return 0;
    graph_.nodes.clear();
    std::map<TensorId, TensorId> stands_for;
    std::vector<char> gone(was_.nodes.size(), 0);
    for (size_t n = 0; n < was_.nodes.size(); ++n) {
      if (const auto it = at.find(n); it != at.end()) {
        THIMBLE_TRY(replace(*it->second, stands_for));
        for (const size_t j : it->second->nodes) gone[j] = 1;
        joined += static_cast<int>(it->second->nodes.size());
      }
      if (gone[n]) continue;
      Node node = was_.nodes[n];
      for (TensorId& t : node.inputs)
        if (const auto it = stands_for.find(t); it != stands_for.end()) t = it->second;
      graph_.nodes.push_back(std::move(node));
    }
    graph_.remove_unused();
    return joined;
  }

 private:
  using Key = std::tuple<TensorId, TensorId, TensorId>;  // sequence, weights, bias

  void find() {
    for (size_t n = 0; n < was_.nodes.size(); ++n) {
      const Node& node = was_.nodes[n];
      if (node.op != Op::fully_connected) continue;
      const auto& attrs = node.attrs.as<FullyConnectedAttrs>();
      const TensorId bias = node.inputs.size() > 2 ? node.inputs[2] : kNoTensor;
      const bool plain = attrs.activation == Activation::none && was_.at(node.inputs[0]).type == DType::f32 &&
                         was_.at(node.inputs[1]).type == DType::f32 && was_.at(node.inputs[1]).constant() &&
                         (bias == kNoTensor || was_.at(bias).constant());
      const bool output = std::ranges::find(was_.outputs, node.outputs[0]) != was_.outputs.end();
      if (!plain || output) continue;
      const StepOf x = step_of(node.inputs[0]);
      if (x.sequence == kNoTensor) continue;
      Joint& joint = joints_[{x.sequence, node.inputs[1], bias}];
      joint.nodes.push_back(n);
      joint.steps.push_back(x.step);
    }
  }

  // x [batch, features] as one step of a tensor [batch, time, features].
  StepOf step_of(TensorId x) {
    const Shape& shape = was_.at(x).shape;
    if (shape.rank() != 2) return {};
    const auto rows = rows_of(origins_.of(x), shape[1]);
    if (!rows || std::ssize(rows->starts) != shape[0]) return {};
    const Shape& whole = was_.at(rows->tensor).shape;
    if (whole.rank() != 3 || whole[0] != shape[0] || whole[2] != shape[1] || rows->starts[0] % shape[1] != 0) return {};
    for (int64_t b = 0; b < shape[0]; ++b)
      if (rows->starts[static_cast<size_t>(b)] != rows->starts[0] + b * whole[1] * whole[2]) return {};
    return {rows->tensor, rows->starts[0] / shape[1]};
  }

  // Each step once: nothing is computed that was not before.
  bool complete(TensorId sequence, const Joint& joint) const {
    std::vector<int64_t> steps = joint.steps;
    std::ranges::sort(steps);
    if (std::ssize(steps) < 2 || std::ssize(steps) != was_.at(sequence).shape[1]) return false;
    for (size_t t = 0; t < steps.size(); ++t)
      if (steps[t] != static_cast<int64_t>(t)) return false;
    return true;
  }

  Status replace(const Joint& joint, std::map<TensorId, TensorId>& stands_for) {
    const Node& first = was_.nodes[joint.nodes[0]];
    std::vector<TensorId> inputs = first.inputs;
    inputs[0] = step_of(inputs[0]).sequence;
    THIMBLE_ASSIGN(const TensorId all, builder_.op(Op::fully_connected, std::move(inputs),
                                                   FullyConnectedAttrs{.keep_num_dims = true}, first.name + "/all"));
    const Shape y = graph_.at(all).shape;
    for (size_t i = 0; i < joint.nodes.size(); ++i) {
      const Node& node = was_.nodes[joint.nodes[i]];
      Elements row;
      for (int64_t b = 0; b < y[0]; ++b)
        for (int64_t o = 0; o < y[2]; ++o) row.push_back({all, (b * y[1] + joint.steps[i]) * y[2] + o});
      THIMBLE_ASSIGN(stands_for[node.outputs[0]], arrange(builder_, row, Shape{y[0], 1, y[2]}, node.name));
    }
    return {};
  }

  const Graph was_;
  Graph& graph_;
  Builder builder_;
  ElementOrigins origins_;
  std::map<Key, Joint> joints_;
};

}  // namespace

Result<int> join_products(Graph& graph) { return Joining(graph).run(); }

}  // namespace thimble
