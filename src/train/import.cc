#include "train/import.h"

#include <algorithm>
#include <set>

#include "ops/operands.h"
#include "passes/fold_constants.h"
#include "passes/raise_lstm.h"
#include "passes/set_batch.h"
#include "train/grad.h"
#include "train/new_head.h"

namespace thimble {

Status check_float(const Graph& graph) {
  if (graph.inputs.empty())
    return fail(ErrorCode::unsupported, "the model has no input: there is nothing to train it with");
  if (const Tensor& input = graph.at(graph.inputs[0]); input.type != DType::f32)
    return fail(ErrorCode::unsupported,
                format("the model's input is {}: a quantised model cannot be trained", name(input.type)),
                "import the float model and quantise it afterwards");
  return {};
}

namespace {

// How many inputs after the first are trained.
size_t weight_inputs(Op op) {
  const OperandRule* rule = operands_of(op);
  if (!rule || !gradient_of(op).rule) return 0;
  const auto trained = [](Role role) { return role == Role::weights || role == Role::bias || role == Role::slope; };
  size_t count = 0;
  while (count + 1 < rule->roles.size() && trained(rule->roles[count + 1])) ++count;
  return count;
}

}  // namespace

bool has_weights(const Graph& graph, const Node& node) {
  return weight_inputs(node.op) > 0 && node.inputs.size() > 1 &&
         (graph.at(node.inputs[1]).constant() || graph.at(node.inputs[1]).variable);
}

namespace {

// Weights travel by name, and foreign files may repeat names or leave them out.
void make_names_unique(Graph& graph) {
  std::set<std::string> seen;
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    std::string& name = graph.tensors[t].name;
    if (name.empty() || seen.contains(name)) name = format("{}#{}", name, t);
    seen.insert(name);
  }
}

}  // namespace

Result<Model> import_model(const ModelSpec& spec, const ModelOptions& options) {
  Model model;
  THIMBLE_ASSIGN(Graph folded, fold_constants(*spec.graph));  // float16 weights widen here
  THIMBLE_ASSIGN(model.graph, with_batch(folded, options.batch));
  Graph& graph = model.graph;
  THIMBLE_TRY([&]() -> Status {
    THIMBLE_ASSIGN([[maybe_unused]] const int sequences, raise_lstm(graph));
    return {};
  }());
  make_names_unique(graph);
  if (graph.inputs.size() != 1 || graph.outputs.size() != 1)
    return fail(ErrorCode::unsupported,
                format("only models of one input and one output can be trained, this has {} and {}",
                       graph.inputs.size(), graph.outputs.size()));
  THIMBLE_TRY(check_float(graph));
  const auto layers = std::ranges::count_if(graph.nodes, [&](const Node& n) { return has_weights(graph, n); });
  const auto first =
      std::max<int64_t>(spec.trainable_layers > 0 ? layers - spec.trainable_layers : 0, spec.frozen_layers);
  int64_t position = 0;
  for (const Node& node : graph.nodes) {
    int64_t parameters = 0;
    if (has_weights(graph, node)) {
      const bool trained = position++ >= first;
      for (size_t i = 1; i < node.inputs.size() && i <= weight_inputs(node.op); ++i) {
        if (node.inputs[i] == kNoTensor) continue;
        Tensor& weight = graph.at(node.inputs[i]);
        if (weight.type != DType::f32)
          return fail(ErrorCode::unsupported,
                      format("weights {} are not float32: a quantised model cannot be trained", weight.to_string()));
        parameters += weight.shape.elements();
        if (!trained || !weight.constant()) continue;
        weight.variable = true;
        model.parameters.push_back(node.inputs[i]);
      }
    }
    model.parameter_count += parameters;
    model.layers.push_back({node.name, name(node.op), graph.at(node.outputs[0]).shape, parameters});
  }
  model.imported = spec.new_head.empty();
  model.output = graph.outputs[0];
  const auto producers = graph.producers();
  if (const NodeId last = producers[static_cast<size_t>(model.output)]; last >= 0) {
    const Node& node = graph.nodes[static_cast<size_t>(last)];
    if (const OperandRule* rule = operands_of(node.op); rule && rule->answer != Answer::none) {
      model.last_activation = name(node.op);
      model.logits = node.inputs[0];
    }
  }
  return model;
}

}  // namespace thimble
