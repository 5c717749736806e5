#include "passes/lower_lstm.h"

#include <algorithm>
#include <numeric>

#include "ops/builder.h"
#include "ops/lstm/lstm.h"
#include "ops/slice/slice.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

namespace thimble {
namespace {

using namespace sequence_lstm;

constexpr const char* kGateNames[] = {"input", "forget", "cell", "output"};

class Lowering {
 public:
  explicit Lowering(Graph& graph) : graph_(graph), builder_(graph), uses_(graph.use_counts()) {}

  // Appends the node's replacement to the graph's nodes. What it says of tensors is by their ids before any is dropped.
  Result<LoweredLstm> replace(const Node& node) {
    for (size_t i = 1; i < 4; ++i)
      if (!graph_.at(node.inputs[i]).constant())
        return fail(ErrorCode::unsupported, format("{} is not a constant", graph_.at(node.inputs[i]).to_string()));
    for (size_t i = 1; i < node.outputs.size(); ++i)
      if (uses_[static_cast<size_t>(node.outputs[i])] > 0)
        return fail(ErrorCode::unsupported, "values that lstm keeps for its gradient are read: not an inference graph");
    const LstmDims d = lstm_dims(graph_.at(node.inputs[0]).shape, graph_.at(node.inputs[2]).shape);
    std::vector<TensorId> inputs(kLayerNorm + kGates, kNoTensor);
    inputs[kInput] = node.inputs[0];
    LoweredLstm layer{.output = node.outputs[0]};
    constexpr size_t kFirst[] = {kInputWeights, kRecurrentWeights, kBias};
    const Shape shapes[] = {{d.units, d.inputs}, {d.units, d.units}, {d.units}};
    for (size_t i = 0; i < layer.operands.size(); ++i)
      layer.operands[i] = {.input = i + 1, .first_gate = kFirst[i], .whole = node.inputs[i + 1]};
    for (size_t g = 0; g < kGates; ++g) {
      const std::string gate = kGateNames[g];
      const std::string names[] = {"/input_to_" + gate + "_weights", "/recurrent_to_" + gate + "_weights",
                                   "/" + gate + "_gate_bias"};
      for (size_t i = 0; i < layer.operands.size(); ++i)
        inputs[kFirst[i] + g] = layer.operands[i].gates[g] =
            slice(node.inputs[i + 1], g, shapes[i], node.name + names[i]);
    }
    inputs[kHiddenState] = builder_.variable(node.name + "/hidden_state", DType::f32, Shape{d.batch, d.units});
    inputs[kCellState] = builder_.variable(node.name + "/cell_state", DType::f32, Shape{d.batch, d.units});
    const bool sequences = node.attrs.as<LstmAttrs>().return_sequences;
    SequenceLstmAttrs form;
    form.cell_clip = node.attrs.as<LstmAttrs>().cell_clip;
    THIMBLE_ASSIGN(layer.sequence, builder_.op(Op::unidirectional_sequence_lstm, std::move(inputs), form,
                                               sequences ? node.name : node.name + "/sequence"));
    TensorId last = layer.sequence;
    if (!sequences) {
      // y[:, −1, :]
      const int32_t begin[] = {0, -1, 0}, end[] = {0, 0, 0}, strides[] = {1, 1, 1};
      StridedSliceAttrs attrs;
      attrs.begin_mask = attrs.end_mask = 1 | 4;
      attrs.shrink_axis_mask = 2;
      THIMBLE_ASSIGN(last, builder_.op(Op::strided_slice,
                                       {layer.sequence, builder_.constant_i32(node.name + "/begin", begin),
                                        builder_.constant_i32(node.name + "/end", end),
                                        builder_.constant_i32(node.name + "/strides", strides)},
                                       attrs, node.name));
    }
    graph_.at(last).name = graph_.at(node.outputs[0]).name;
    stands_for_[node.outputs[0]] = last;
    return layer;
  }

  // Replacements read one another's results.
  void rename(std::vector<TensorId>& ids) const {
    for (TensorId& t : ids)
      if (const auto it = stands_for_.find(t); it != stands_for_.end()) t = it->second;
  }

 private:
  // Rows [g·n, (g + 1)·n) of a constant, n = shape[0].
  TensorId slice(TensorId from, size_t g, Shape shape, std::string name) {
    const auto count = static_cast<size_t>(shape.elements());
    const auto values = graph_.at(from).data.as<float>().subspan(g * count, count);
    return builder_.constant(std::move(name), DType::f32, shape, Data::of(values));
  }

  Graph& graph_;
  Builder builder_;
  std::vector<int> uses_;
  std::map<TensorId, TensorId> stands_for_;
};

}  // namespace

Result<LstmLowering> lower_lstm(Graph& graph) {
  LstmLowering made;
  made.now.resize(graph.tensors.size());
  std::iota(made.now.begin(), made.now.end(), 0);
  Lowering lowering(graph);
  const std::vector<Node> nodes = std::move(graph.nodes);
  graph.nodes.clear();
  for (Node node : nodes) {
    lowering.rename(node.inputs);
    if (node.op != Op::lstm) {
      graph.nodes.push_back(std::move(node));
      continue;
    }
    auto layer = lowering.replace(node);
    if (!layer) return with_context(std::move(layer).error(), format("node \"{}\" lstm", node.name));
    made.layers.push_back(*layer);
    ++made.count;
  }
  lowering.rename(graph.outputs);
  if (made.count > 0) {
    lowering.rename(made.now);
    const std::vector<TensorId> kept = drop_unused(graph);
    const auto follow = [&](TensorId& t) { t = kept[static_cast<size_t>(t)]; };
    std::ranges::for_each(made.now, follow);
    for (LoweredLstm& layer : made.layers) {
      follow(layer.sequence);
      for (LstmGates& operand : layer.operands) std::ranges::for_each(operand.gates, follow);
    }
    for (Tensor& tensor : graph.tensors) tensor.batch_unknown = false;  // the states have one batch size
  }
  return made;
}

}  // namespace thimble
