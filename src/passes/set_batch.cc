#include "passes/set_batch.h"

#include <algorithm>

#include "ops/check.h"
#include "ops/operands.h"

namespace thimble {
namespace {

// Throughout, a tensor is "batched" when it depends on a batched input; the examples are then its
// outermost parts: its dimension 0 is a multiple of the batch.
class BatchChange {
 public:
  BatchChange(const Graph& graph, int64_t batch)
      : old_graph_(graph), graph_(graph), batch_(batch), batched_(graph.tensors.size(), 0) {}

  Result<Graph> run() {
    if (batch_ < 1 || batch_ > INT32_MAX) return fail(ErrorCode::usage, format("a batch of {}", batch_));
    THIMBLE_TRY(inputs());
    for (size_t n = 0; n < graph_.nodes.size(); ++n)
      if (Status s = node(static_cast<NodeId>(n)); !s)
        return with_context(std::move(s).error(), format("for a batch of {}: node {} \"{}\" {}", batch_, n,
                                                         graph_.nodes[n].name, name(graph_.nodes[n].op)));
    for (TensorId t : graph_.outputs)
      if (!is_batched(t) || before(t).rank() == 0 || before(t)[0] != old_)
        return fail(ErrorCode::unsupported, format("output {} has no batch dimension", old_graph_.at(t).to_string()));
    THIMBLE_TRY(verify(graph_));
    return std::move(graph_);
  }

 private:
  const Shape& before(TensorId t) const { return old_graph_.at(t).shape; }
  bool is_batched(TensorId t) const {
    return t >= 0 && static_cast<size_t>(t) < batched_.size() && batched_[static_cast<size_t>(t)];
  }
  tl::unexpected<Error> mixes(const std::string& what) const {
    return fail(ErrorCode::unsupported, format("{}, so examples cannot be computed side by side", what),
                "evaluate with a batch of 1");
  }

  Status inputs() {
    for (TensorId t : graph_.inputs) {
      Tensor& x = graph_.at(t);
      if (x.shape.rank() == 0 || (x.shape[0] != 1 && !x.batch_unknown))
        return fail(ErrorCode::unsupported,
                    format("input {} has a fixed first dimension, not a batch of 1", x.to_string()),
                    "evaluate with the model's own batch");
      if (old_ != 0 && x.shape[0] != old_)
        return fail(ErrorCode::unsupported, format("the inputs have batches of {} and {}", old_, x.shape[0]));
      old_ = x.shape[0];
      batched_[static_cast<size_t>(t)] = 1;
    }
    if (old_ < 1) return fail(ErrorCode::unsupported, "the model has no input with a batch dimension");
    for (TensorId t : graph_.inputs) THIMBLE_TRY(set_first(t, batch_));
    return {};
  }

  Status set_first(TensorId t, int64_t dim) {
    Tensor& tensor = graph_.at(t);
    std::vector<int64_t> dims(tensor.shape.dims().begin(), tensor.shape.dims().end());
    dims[0] = dim;
    THIMBLE_ASSIGN(tensor.shape, Shape::make(std::span<const int64_t>(dims)));
    return {};
  }

  Status node(NodeId id) {
    Node& node = graph_.nodes[static_cast<size_t>(id)];
    if (std::ranges::none_of(node.inputs, [&](TensorId t) { return is_batched(t); })) return {};
    THIMBLE_TRY(prepare(id));
    InferContext ctx(graph_, node);
    THIMBLE_TRY(infer_node(graph_, node, &ctx));
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const TensorId t = node.outputs[i];
      Tensor& y = graph_.at(t);
      const Shape& was = before(t);
      // The last line of defence: dimension 0 has grown in proportion and nothing else has changed.
      const Shape& now = ctx.outputs[i].shape;
      bool sound = now.rank() == was.rank() && was.rank() > 0 && was[0] % old_ == 0 && now[0] == was[0] / old_ * batch_;
      for (int d = 1; sound && d < was.rank(); ++d) sound = now[d] == was[d];
      if (!sound) return mixes("its output does not begin with the batch");
      y.shape = now;
      batched_[static_cast<size_t>(t)] = 1;
    }
    return {};
  }

  // Checks that the node computes each example by itself, and adapts its operands.
  Status prepare(NodeId id) {
    const Node& was = old_graph_.nodes[static_cast<size_t>(id)];
    Node& node = graph_.nodes[static_cast<size_t>(id)];
    const OperandRule* rule = operands_of(node.op);
    if (!rule || !rule->axes) return mixes("it is not known to treat dimension 0 as a batch");
    const AxisMap map = axes_of(old_graph_, was);
    for (size_t i = 0; i < was.inputs.size(); ++i)
      if (map.has(i) && rule->role(i) != Role::state)
        THIMBLE_TRY(is_batched(was.inputs[i]) ? begins_with_batch(map, i) : serves_all(map, i));
    if (!rule->resize) return {};
    std::vector<int64_t> sizes;
    for (TensorId t : was.outputs) {
      if (before(t).rank() == 0 || before(t)[0] % old_ != 0) return mixes("its output does not begin with the batch");
      sizes.push_back(before(t)[0] / old_ * batch_);
    }
    Resize to{graph_, node, 0, sizes};
    return rule->resize(to);
  }

  Status begins_with_batch(const AxisMap& map, size_t input) const {
    const Shape& x = map.x(input);
    if (x.rank() == 0 || x[0] % old_ != 0) return mixes("its input does not begin with the batch");
    const AxisUse& first = map.uses(input)[0];
    if (first.outermost || (first.link == AxisLink::same && first.to == 0)) return {};
    return mixes("it " + describe(first, "the batch"));
  }

  // An operand that all examples share must not have one part per example.
  Status serves_all(const AxisMap& map, size_t input) const {
    for (int a = 0; a < map.x(input).rank(); ++a) {
      const AxisUse& use = map.uses(input)[static_cast<size_t>(a)];
      const bool shared = use.to != 0 || (use.broadcasts && map.x(input)[a] == 1);
      if (!shared && use.link != AxisLink::mixed && use.link != AxisLink::contracted)
        return mixes("its other operand differs between examples");
    }
    return {};
  }

  const Graph& old_graph_;
  Graph graph_;
  const int64_t batch_;
  int64_t old_ = 0;
  std::vector<char> batched_;
};

}  // namespace

Result<Graph> with_batch(const Graph& graph, int64_t batch) { return BatchChange(graph, batch).run(); }

}  // namespace thimble
