#include "passes/shorten_moves.h"

#include <algorithm>
#include <set>

#include "ops/binary/binary.h"
#include "ops/operands.h"
#include "ops/reshape/reshape.h"
#include "passes/arrange.h"

namespace thimble {
namespace {

class Shortening {
 public:
  explicit Shortening(Graph& graph) : was_(graph), graph_(graph), builder_(graph), origins_(was_) {}

  Result<int> run() {
    graph_.nodes.clear();
    for (Node node : was_.nodes) {
      if (!moves_elements(was_, node)) {
        for (TensorId& t : node.inputs) {
          THIMBLE_ASSIGN(const TensorId now, shorter(t));
          changed_ += now != t;
          t = now;
        }
        unflatten(node);
      }
      graph_.nodes.push_back(std::move(node));
    }
    for (TensorId& t : graph_.outputs) THIMBLE_TRY(output(t));
    if (changed_ > 0) graph_.remove_unused();
    return changed_;
  }

 private:
  // The nodes that move what the tensor holds.
  std::set<NodeId> moves_to(TensorId t) const {
    std::set<NodeId> found;
    std::vector<TensorId> open{t};
    while (!open.empty()) {
      const TensorId x = open.back();
      open.pop_back();
      if (x == kNoTensor) continue;
      const NodeId n = origins_.producer_id(x);
      if (n < 0 || !moves_elements(was_, was_.nodes[static_cast<size_t>(n)]) || !found.insert(n).second) continue;
      const Node& node = was_.nodes[static_cast<size_t>(n)];
      open.insert(open.end(), node.inputs.begin(), node.inputs.end());
    }
    return found;
  }

  // A tensor with the same values and shape that fewer moves give; t itself where there is none.
  Result<TensorId> shorter(TensorId t) {
    if (t == kNoTensor || was_.at(t).type != DType::f32 || origins_.producer_id(t) < 0) return t;
    if (const auto it = made_.find(t); it != made_.end()) return it->second;
    TensorId& made = made_[t] = t;
    const std::set<NodeId> moves = moves_to(t);
    if (moves.size() < 2) return t;
    const size_t before = graph_.nodes.size();
    THIMBLE_ASSIGN(const TensorId now, from_source(t));
    if (now == kNoTensor || graph_.nodes.size() - before >= moves.size()) {
      graph_.nodes.resize(before);
      return t;
    }
    graph_.at(now).batch_unknown = was_.at(t).batch_unknown;
    return made = now;
  }

  Result<TensorId> from_source(TensorId t) {
    const Tensor& y = was_.at(t);
    const Elements& elements = origins_.of(t);
    const TensorId source = y.shape.rank() > 0 ? whole_tensor(was_, elements) : kNoTensor;
    if (source != kNoTensor) {
      if (was_.at(source).shape == y.shape) return source;
      std::vector<int32_t> dims;
      for (const int64_t d : y.shape.dims()) dims.push_back(static_cast<int32_t>(dims.empty() ? -1 : d));
      return builder_.op(Op::reshape, {source, builder_.constant_i32(y.name + "/shape", dims)}, ReshapeAttrs{}, y.name);
    }
    if (y.shape.rank() == 2) return arrange(builder_, elements, Shape{y.shape[0], 1, y.shape[1]}, y.name);
    if (y.shape.rank() == 3 && y.shape[1] > 1) return arrange(builder_, elements, y.shape, y.name);
    return kNoTensor;
  }

  // y [1, n] = f(x [n], …), where x was [1, n] before.
  void unflatten(Node& node) {
    const OperandRule* rule = operands_of(node.op);
    if (!rule || !node.attrs.holds<BinaryAttrs>()) return;
    for (TensorId& t : node.inputs) {
      const NodeId n = t < std::ssize(was_.tensors) ? origins_.producer_id(t) : -1;
      if (n < 0 || was_.nodes[static_cast<size_t>(n)].op != Op::reshape) continue;
      const TensorId x = was_.nodes[static_cast<size_t>(n)].inputs[0];
      const Shape& y = was_.at(node.outputs[0]).shape;
      if (was_.at(t).shape == y || !(was_.at(x).shape == y)) continue;
      t = x;
      ++changed_;
    }
  }

  // An output keeps its name, so what stands for it must be nothing that has one of its own.
  Status output(TensorId& t) {
    THIMBLE_ASSIGN(const TensorId now, shorter(t));
    const auto listed = [now](const std::vector<TensorId>& list) { return std::ranges::find(list, now) != list.end(); };
    if (now == t || listed(graph_.inputs) || listed(graph_.outputs) || graph_.at(now).constant() ||
        graph_.at(now).variable)
      return {};
    graph_.at(now).name = was_.at(t).name;
    graph_.at(now).batch_unknown = was_.at(t).batch_unknown;
    t = now;
    ++changed_;
    return {};
  }

  const Graph was_;
  Graph& graph_;
  Builder builder_;
  ElementOrigins origins_;
  std::map<TensorId, TensorId> made_;
  int changed_ = 0;
};

}  // namespace

Result<int> shorten_moves(Graph& graph) { return Shortening(graph).run(); }

}  // namespace thimble
