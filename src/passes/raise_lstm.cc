#include "passes/raise_lstm.h"

#include <algorithm>

#include "ops/builder.h"
#include "ops/lstm/lstm.h"
#include "ops/slice/slice.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

namespace thimble {
namespace {

using namespace sequence_lstm;

class Raising {
 public:
  explicit Raising(Graph& graph) : graph_(graph), builder_(graph), uses_(graph.use_counts()) {}

  Result<int> run() {
    const std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    std::vector<char> taken(nodes.size(), 0);  // slices that went into their LSTM
    int count = 0;
    for (size_t n = 0; n < nodes.size(); ++n) {
      if (taken[n]) continue;
      Node node = nodes[n];
      rename(node.inputs);
      if (!plain(node)) {
        graph_.nodes.push_back(std::move(node));
        continue;
      }
      const size_t slice = last_step_of(nodes, node.outputs[0]);
      if (slice < nodes.size()) taken[slice] = 1;
      if (Status s = replace(node, slice < nodes.size() ? &nodes[slice] : nullptr); !s)
        return with_context(std::move(s).error(), format("node \"{}\" {}", node.name, name(node.op)));
      ++count;
    }
    rename(graph_.outputs);
    if (count > 0) graph_.remove_unused();
    return count;
  }

 private:
  bool plain(const Node& node) const {
    if (node.op != Op::unidirectional_sequence_lstm || node.inputs.size() <= kCellState) return false;
    const auto& attrs = node.attrs.as<SequenceLstmAttrs>();
    if (attrs.activation != Activation::tanh || attrs.proj_clip > 0 || attrs.time_major) return false;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const TensorId t = node.inputs[i];
      const bool weight = (i >= kInputWeights && i < kPeephole) || (i >= kBias && i < kProjection);
      const bool state = i == kHiddenState || i == kCellState;
      if (!weight && !state && i != kInput) {
        if (t != kNoTensor) return false;
        continue;
      }
      if (t == kNoTensor) return false;
      const Tensor& tensor = graph_.at(t);
      if (tensor.type != DType::f32 || (weight && !tensor.constant())) return false;
      if (state && (!tensor.variable || tensor.data || uses_[static_cast<size_t>(t)] != 1)) return false;
    }
    const Shape &x = graph_.at(node.inputs[kInput]).shape, &h = graph_.at(node.inputs[kHiddenState]).shape;
    return x[0] == h[0];
  }

  // The node that takes y[:, −1, :], where it is the only reader; nodes.size() if there is none.
  size_t last_step_of(const std::vector<Node>& nodes, TensorId y) const {
    if (uses_[static_cast<size_t>(y)] != 1) return nodes.size();
    for (size_t n = 0; n < nodes.size(); ++n) {
      const Node& node = nodes[n];
      if (node.op != Op::strided_slice || node.inputs[0] != y) continue;
      std::vector<IntList> operands;
      for (size_t i = 1; i < 4; ++i) {
        const Tensor& t = graph_.at(node.inputs[i]);
        if (!t.constant()) return nodes.size();
        operands.emplace_back(t.type, t.data.bytes, t.shape.elements());
      }
      const Shape& x = graph_.at(y).shape;
      const auto box = slice_box(node, x, operands);
      const bool last = box && box->begin[0] == 0 && box->begin[1] == x[1] - 1 && box->begin[2] == 0 &&
                        box->count == Shape{x[0], 1, x[2]} && box->shape == Shape{x[0], x[2]};
      return last ? n : nodes.size();
    }
    return nodes.size();
  }

  Status replace(const Node& node, const Node* slice) {
    const Node& last = slice ? *slice : node;
    const int64_t units = graph_.at(node.inputs[kHiddenState]).shape[1];
    const int64_t inputs = graph_.at(node.inputs[kInputWeights]).shape[1];
    const TensorId kernel = joined(node, kInputWeights, Shape{4 * units, inputs}, last.name + "/kernel"),
                   recurrent =
                       joined(node, kRecurrentWeights, Shape{4 * units, units}, last.name + "/recurrent_kernel"),
                   bias = joined(node, kBias, Shape{4 * units}, last.name + "/bias");
    THIMBLE_ASSIGN(
        const auto made,
        builder_.node(Op::lstm, {node.inputs[kInput], kernel, recurrent, bias},
                      LstmAttrs{slice == nullptr, node.attrs.as<SequenceLstmAttrs>().cell_clip}, last.name, 5));
    Tensor& y = graph_.at(made[0]);
    const Tensor& was = graph_.at(last.outputs[0]);
    y.name = was.name;
    y.batch_unknown = was.batch_unknown;
    stands_for_[last.outputs[0]] = made[0];
    return {};
  }

  // The four gates' constants from input `first` on, one below the other.
  TensorId joined(const Node& node, size_t first, Shape shape, std::string name) {
    std::vector<float> values;
    for (size_t g = 0; g < kGates; ++g) {
      const auto gate = graph_.at(node.inputs[first + g]).data.as<float>();
      values.insert(values.end(), gate.begin(), gate.end());
    }
    return builder_.constant_f32(std::move(name), shape, values);
  }

  void rename(std::vector<TensorId>& ids) const {
    for (TensorId& t : ids)
      if (const auto it = stands_for_.find(t); it != stands_for_.end()) t = it->second;
  }

  Graph& graph_;
  Builder builder_;
  std::vector<int> uses_;
  std::map<TensorId, TensorId> stands_for_;
};

}  // namespace

Result<int> raise_lstm(Graph& graph) { return Raising(graph).run(); }

}  // namespace thimble
