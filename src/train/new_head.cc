#include "train/new_head.h"

#include <algorithm>

#include "base/suggest.h"
#include "data/feeding.h"
#include "ops/reshape/reshape.h"
#include "passes/fold_constants.h"
#include "train/import.h"
#include "train/layers.h"

namespace thimble {
namespace {

Result<TensorId> tensor_called(const Graph& graph, const std::string& name) {
  std::vector<std::string> names;
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    if (graph.tensors[t].constant()) continue;
    if (graph.tensors[t].name == name) return static_cast<TensorId>(t);
    names.push_back(graph.tensors[t].name);
  }
  return fail(ErrorCode::usage, format("model.cut names \"{}\", but the model has no such tensor", name),
              names.size() > 1 && did_you_mean(name, names).empty() ? "thimble inspect lists the tensors"
                                                                    : did_you_mean(name, names));
}

}  // namespace

Result<Graph> without_head(const Graph& whole, const std::string& cut) {
  THIMBLE_ASSIGN(Graph graph, fold_constants(whole));  // float16 weights widen here
  if (graph.inputs.size() != 1)
    return fail(ErrorCode::unsupported,
                format("only models of one input can get a new head, this has {}", graph.inputs.size()));
  THIMBLE_TRY(check_float(graph));
  TensorId end = kNoTensor;
  if (!cut.empty()) {
    THIMBLE_ASSIGN(end, tensor_called(graph, cut));
  } else {
    graph.outputs.resize(std::min<size_t>(graph.outputs.size(), 1));
    graph.remove_unused();
    const auto last =
        std::find_if(graph.nodes.rbegin(), graph.nodes.rend(), [&](const Node& n) { return has_weights(graph, n); });
    if (last == graph.nodes.rend())
      return fail(ErrorCode::unsupported, "the model has no dense or convolution layer with float32 weights",
                  "import the float model; model.cut names the tensor that the new layers read");
    end = last->inputs[0];
  }
  if (end == graph.inputs[0])
    return fail(ErrorCode::usage, "nothing of the model would be left before the new layers",
                "name the tensor that they read with model.cut, or describe the network with model.layers");
  graph.outputs = {end};
  graph.output_names.clear();
  graph.remove_unused();
  if (const auto it = graph.metadata.find(kPreprocessKey); it != graph.metadata.end())
    if (auto feeding = Feeding::from_json(it->second); feeding && !feeding->target_mean.empty()) {
      feeding->target_mean.clear();
      feeding->target_deviation.clear();
      it->second = feeding->to_json();
    }
  THIMBLE_TRY(verify(graph));
  return graph;
}

Status add_new_head(const ModelSpec& spec, const ModelOptions& options, Model* model) {
  // Another head may be among the layers that stay.
  std::string prefix = "head/";
  for (int n = 2;
       std::ranges::any_of(model->graph.tensors, [&](const Tensor& t) { return t.name.starts_with(prefix); }); ++n)
    prefix = format("head{}/", n);
  LayerBuilder layers(*model, options);
  TensorId x = model->output;
  const Shape shape = layers.shape(x);
  if (shape.rank() > 2 && shape.elements(1, shape.rank() - 1) == 1) {
    THIMBLE_ASSIGN(x, layers.sequence(x, {{.word = "flatten", .name = "flatten"}}, prefix));
  }
  THIMBLE_ASSIGN(model->output, layers.sequence(x, spec.new_head, prefix, true));
  model->graph.outputs = {model->output};
  model->graph.output_names = {"output"};
  if (model->graph.input_names.empty()) model->graph.input_names = {"input"};
  for (Tensor& t : model->graph.tensors)
    if (!t.data && !t.variable && t.shape.rank() > 0 && t.shape[0] == options.batch && !options.training)
      t.batch_unknown = model->graph.at(model->graph.inputs[0]).batch_unknown;
  return {};
}

}  // namespace thimble
