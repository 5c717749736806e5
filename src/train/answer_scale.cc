#include "train/answer_scale.h"

#include <algorithm>
#include <cmath>

#include "ops/binary/binary.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/make.h"
#include "ops/operands.h"
#include "passes/fold_constants.h"
#include "train/last_layer.h"

namespace thimble {
namespace {

Node* producer(Graph& graph, TensorId t) {
  const NodeId n = t < 0 ? -1 : graph.producers()[static_cast<size_t>(t)];
  return n < 0 ? nullptr : &graph.nodes[static_cast<size_t>(n)];
}

// The values of `t` where it is a float constant that only one node reads.
std::vector<float> own_constant(const Graph& graph, TensorId t) {
  if (t == kNoTensor || !graph.at(t).constant() || graph.at(t).type != DType::f32 ||
      graph.use_counts()[static_cast<size_t>(t)] != 1)
    return {};
  const auto values = graph.at(t).data.as<float>();
  return {values.begin(), values.end()};
}

// The dense layer that gives the answers, where its weights can take the scale.
Node* last_dense(Graph& graph, size_t columns) {
  Node* node = producer(graph, graph.outputs[0]);
  if (!node || !node->attrs.holds<FullyConnectedAttrs>() ||
      node->attrs.as<FullyConnectedAttrs>().activation != Activation::none || node->inputs.size() < 3)
    return nullptr;
  const std::vector<float> weights = own_constant(graph, node->inputs[1]), bias = own_constant(graph, node->inputs[2]);
  return weights.empty() || bias.size() != columns || weights.size() % columns != 0 ? nullptr : node;
}

// w ← w · factor[row], b ← b · factor + shift, or the inverse of that.
void scale_dense(Graph& graph, const Node& node, const AnswerScale& scale, bool inverse) {
  Tensor &w = graph.at(node.inputs[1]), &b = graph.at(node.inputs[2]);
  std::vector<float> weights(w.data.as<float>().begin(), w.data.as<float>().end());
  std::vector<float> bias(b.data.as<float>().begin(), b.data.as<float>().end());
  const size_t inner = weights.size() / bias.size();
  for (size_t c = 0; c < bias.size(); ++c) {
    const double deviation = scale.deviation[c], mean = scale.mean[c];
    for (size_t i = c * inner; i < (c + 1) * inner; ++i)
      weights[i] = static_cast<float>(inverse ? weights[i] / deviation : weights[i] * deviation);
    bias[c] = static_cast<float>(inverse ? (bias[c] - mean) / deviation : bias[c] * deviation + mean);
  }
  w.data = Data::of(std::span<const float>(weights));
  b.data = Data::of(std::span<const float>(bias));
}

// Removes the MUL and the ADD of append_answer_scale from the end; false: they are not there.
bool remove_tail(Graph& graph, const AnswerScale& scale) {
  const auto is = [&](const Node* node, BinaryFn fn, const std::vector<float>& operand) {
    return node && node->attrs.holds<BinaryAttrs>() && binary_fn(node->op) == fn &&
           own_constant(graph, node->inputs[1]) == operand;
  };
  const Node* add = producer(graph, graph.outputs[0]);
  if (!is(add, BinaryFn::add, scale.mean)) return false;
  const Node* mul = producer(graph, add->inputs[0]);
  if (!is(mul, BinaryFn::mul, scale.deviation)) return false;
  graph.outputs[0] = mul->inputs[0];
  graph.remove_unused();
  return true;
}

// The metadata without the scale of the targets.
std::string without_targets(const std::string& metadata) {
  auto feeding = Feeding::from_json(metadata);
  if (!feeding) return metadata;
  feeding->target_mean.clear();
  feeding->target_deviation.clear();
  return feeding->to_json();
}

}  // namespace

bool AnswerScale::one_deviation() const {
  return std::ranges::all_of(deviation, [&](float d) { return d == deviation[0]; });
}

bool AnswerScale::near_zero() const {
  for (size_t i = 0; i < mean.size(); ++i)
    if (std::fabs(mean[i]) > 4 * deviation[i]) return false;
  return true;
}

AnswerScale answer_scale(const Feeding& feeding) { return {feeding.target_mean, feeding.target_deviation, {}}; }

AnswerScale answer_scale(const Graph& graph) {
  const auto it = graph.metadata.find(kPreprocessKey);
  if (it == graph.metadata.end() || it->second.find("target_mean") == std::string::npos) return {};
  const auto feeding = Feeding::from_json(it->second);
  if (!feeding) return {};
  return {feeding->target_mean, feeding->target_deviation, it->second};
}

bool has_linear_answer(const ModelSpec& spec) {
  if (spec.graph && spec.new_head.empty()) {
    Graph graph = *spec.graph;
    if (graph.outputs.size() != 1 || graph.at(graph.outputs[0]).shape.rank() < 1) return false;
    return last_dense(graph, static_cast<size_t>(graph.at(graph.outputs[0]).shape.dim(-1))) != nullptr;
  }
  const LastLayer last = last_layer(spec);
  return last.outputs > 0 && last.activation.empty();
}

Result<AnswerScale> take_answer_scale(Graph& graph, Feeding* feeding) {
  AnswerScale scale = answer_scale(graph);
  if (feeding && scale.on()) {
    feeding->target_mean = scale.mean;
    feeding->target_deviation = scale.deviation;
  }
  if (!scale.on()) return scale;
  THIMBLE_TRY(remove_answer_scale(graph, scale));
  graph.metadata[kPreprocessKey] = without_targets(scale.metadata);
  return scale;
}

Status remove_answer_scale(Graph& graph, const AnswerScale& scale) {
  if (!scale.on()) return {};
  THIMBLE_ASSIGN(graph, fold_constants(std::move(graph)));  // float16 weights widen here
  for (const Tensor& t : graph.tensors)
    if (is_quantized_type(t.type) && !t.quant.empty())
      return fail(ErrorCode::unsupported, format("the model is quantised already: tensor {}", t.to_string()),
                  "give the float model that it was made from");
  if (graph.outputs.size() != 1)
    return fail(ErrorCode::unsupported,
                format("the model scales its answers, but has {} outputs", graph.outputs.size()));
  if (!remove_tail(graph, scale)) {
    const Node* dense = last_dense(graph, scale.mean.size());
    if (!dense)
      return fail(ErrorCode::unsupported,
                  "the model scales its answers (metadata target_mean), but no longer ends in the layer that does",
                  "train the recipe's model again, with data.target_scale = \"none\"");
    scale_dense(graph, *dense, scale, true);
  }
  return {};
}

Status append_answer_scale(Graph& graph, const AnswerScale& scale) {
  Builder b(graph);
  const TensorId answer = graph.outputs[0];
  const Shape shape = b.at(answer).shape;
  Shape row;
  for (int d = shape.rank() > 1 ? 1 : 0; d < shape.rank(); ++d) row.push_back(shape.rank() > 1 ? shape[d] : 1);
  if (row.elements() != static_cast<int64_t>(scale.mean.size()) || b.at(answer).type != DType::f32)
    return fail(ErrorCode::internal, format("the answers {} have no place for a scale of {} columns",
                                            b.at(answer).to_string(), scale.mean.size()));
  const std::string name = b.at(answer).name;
  const bool batch_unknown = b.at(answer).batch_unknown;
  const TensorId by = b.constant_f32(name + "/deviation", row, scale.deviation),
                 plus = b.constant_f32(name + "/mean", row, scale.mean);
  THIMBLE_ASSIGN(const TensorId scaled, make::mul(b, answer, by, name + "/scaled"));
  THIMBLE_ASSIGN(const TensorId result, make::add(b, scaled, plus, name + "/answer"));
  for (TensorId t : {scaled, result}) graph.at(t).batch_unknown = batch_unknown;
  graph.outputs[0] = result;
  return {};
}

Status put_answer_scale(Graph& graph, const AnswerScale& scale) {
  if (!scale.on()) return {};
  const Node* dense = scale.one_deviation() ? last_dense(graph, scale.mean.size()) : nullptr;
  if (dense)
    scale_dense(graph, *dense, scale, false);
  else
    THIMBLE_TRY(append_answer_scale(graph, scale));
  if (!scale.metadata.empty()) graph.metadata[kPreprocessKey] = scale.metadata;
  return {};
}

}  // namespace thimble
