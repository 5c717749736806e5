#include "micro/head.h"

#include <algorithm>
#include <vector>

#include "base/format.h"
#include "micro/literals.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/op.h"
#include "ops/softmax/softmax.h"

namespace thimble::micro {
namespace {

tl::unexpected<Error> no_head(const std::string& why) {
  return fail(ErrorCode::unsupported, "no trainable head: " + why,
              "it takes one input, and one output that a dense layer gives by itself or through a softmax");
}

tl::unexpected<Error> no_head(const Checked& checked, NodeId id, const std::string& why) {
  const Node& n = checked.graph.nodes[static_cast<size_t>(id)];
  return no_head(format("node {} \"{}\" {} {}", id, n.name, name(n.op), why) + "\n      out " +
                 checked.graph.at(n.outputs[0]).to_string());
}

bool has_bias(const Node& n) { return n.inputs.size() > 2 && n.inputs[2] != kNoTensor; }

NodeId producer(const Graph& g, TensorId t) {
  for (size_t n = 0; n < g.nodes.size(); ++n)
    if (std::ranges::find(g.nodes[n].outputs, t) != g.nodes[n].outputs.end()) return static_cast<NodeId>(n);
  return -1;
}

// What may stand between the layer and the output.
bool keeps_order(const Checked& checked, NodeId id) {
  const Node& n = checked.graph.nodes[static_cast<size_t>(id)];
  if (n.op == Op::softmax) return n.attrs.as<SoftmaxAttrs>().beta == 1;
  return n.op == Op::log_softmax || n.op == Op::quantize || n.op == Op::dequantize ||
         checked.nodes[static_cast<size_t>(id)].output_is_input;
}

Status check_layer(const Checked& checked, NodeId id) {
  const Graph& g = checked.graph;
  const Node& n = g.nodes[static_cast<size_t>(id)];
  const DType type = g.at(n.inputs[0]).type;
  if ((type != DType::i8 && type != DType::f32) || g.at(n.inputs[1]).type != type)
    return no_head(checked, id,
                   format("multiplies {} by {}: int8 by int8 and float32 by float32 can learn", name(type),
                          name(g.at(n.inputs[1]).type)));
  if (!g.at(n.inputs[1]).constant() || (has_bias(n) && !g.at(n.inputs[2]).constant()))
    return no_head(checked, id, "has weights that are computed while it runs");
  if (n.attrs.as<FullyConnectedAttrs>().activation != Activation::none)
    return no_head(checked, id, "ends with an activation, which only hidden layers have where softmax decides");
  const auto& p = checked.nodes[static_cast<size_t>(id)].plan.as<thimble_fully_connected>();
  if (p.batch != 1) return no_head(checked, id, format("answers {} rows at a time", p.batch));
  if (p.outputs < 2) return no_head(checked, id, "gives one number, of which softmax is always 1");
  return {};
}

}  // namespace

Result<Head> find_head(const Checked& checked) {
  const Graph& g = checked.graph;
  if (g.inputs.size() != 1 || g.outputs.size() != 1)
    return no_head(format("the model has {} inputs and {} outputs", g.inputs.size(), g.outputs.size()));
  NodeId id = producer(g, g.outputs[0]);
  size_t behind = 0;
  for (; id >= 0 && keeps_order(checked, id); ++behind) id = producer(g, g.nodes[static_cast<size_t>(id)].inputs[0]);
  if (id < 0) return no_head("the output is the input");
  if (g.nodes[static_cast<size_t>(id)].op != Op::fully_connected)
    return no_head(checked, id, "is what the output comes from");
  THIMBLE_TRY(check_layer(checked, id));
  if (static_cast<size_t>(id) + behind + 1 != g.nodes.size())
    return no_head(checked, id, "is followed by others than those that lead to the output");
  const auto& p = checked.nodes[static_cast<size_t>(id)].plan.as<thimble_fully_connected>();
  const TensorId features = g.nodes[static_cast<size_t>(id)].inputs[0];
  return Head{.node = id,
              .features = features,
              .inputs = p.inputs,
              .outputs = p.outputs,
              .integers = g.at(features).type == DType::i8};
}

std::string head_interface(const Head& head, const HeadWords& w) {
  std::string text = format(
      "/* The last layer in float32, which goes on learning: {2} features, {3} classes. All its memory is in the "
      "struct.\n"
      "   The same numbers on every processor, with -ffp-contract=off. */\n"
      "#define {1}_HEAD_FEATURES {2}\n#define {1}_HEAD_CLASSES {3}\n#define {1}_HEAD_BYTES {4}\n\n"
      "typedef struct {0}_head {{\n  float weights[{1}_HEAD_CLASSES * {1}_HEAD_FEATURES];\n"
      "  float bias[{1}_HEAD_CLASSES];\n  float probabilities[{1}_HEAD_CLASSES]; /* the last answer */\n}} "
      "{0}_head;\n\n"
      "enum {{ {1}_NO_SUCH_CLASS = -3 }};\n\n",
      w.name, w.macro, head.inputs, head.outputs, head.bytes());
  text += format("/* What the network had learned when it was exported. */\nvoid {0}_head_reset({0}_head *head);\n\n",
                 w.name);
  text += format(
      "/* The answer with this head, in head->probabilities. Returns as {0}_run. */\n"
      "int {0}_run_head({1}, {0}_head *head);\n\n",
      w.name, w.parameters);
  text += format(
      "/* Learns that `in` is of class `label`: one step of gradient descent on the cross-entropy. "
      "head->probabilities\n"
      "   are then those from before the step; the loss is −log of the label's. */\n"
      "int {0}_train_step({1}, int32_t label, float learning_rate,\n"
      "    {0}_head *head);\n\n",
      w.name, w.parameters);
  return text;
}

std::string head_constants(const Checked& checked, const Head& head, const std::string& name) {
  if (!head.integers) return {};
  const Graph& g = checked.graph;
  const Node& n = g.nodes[static_cast<size_t>(head.node)];
  const Tensor &x = g.at(n.inputs[0]), &w = g.at(n.inputs[1]);
  std::string text = "\n/* The last layer as it is before it learns on: int8 weights and their scales. */\n";
  text += array("int8_t", name + "_head_weights", w.data.as<int8_t>().data(), w.shape.elements());
  text += array("float", name + "_head_scales", w.quant.scale.data(), static_cast<int64_t>(w.quant.scale.size()));
  if (has_bias(n)) {
    const auto bias = g.at(n.inputs[2]).data.as<int32_t>();
    std::vector<float> real;
    for (size_t o = 0; o < bias.size(); ++o) {
      const float scale = w.quant.scale[w.quant.per_axis() ? o : 0];
      real.push_back(static_cast<float>(double{x.quant.scale[0]} * scale * bias[o]));
    }
    text += array("float", name + "_head_bias", real.data(), static_cast<int64_t>(real.size()));
  }
  return text;
}

std::string head_source(const Checked& checked, const Head& head, const HeadWords& w, const std::string& weights,
                        const std::string& bias) {
  const Graph& g = checked.graph;
  const Tensor& x = g.at(head.features);
  std::string text =
      format("\nstatic const thimble_head {}_head_plan = {{{}, {}, {}, {}, {}}};\n\n", w.name, head.inputs,
             head.outputs, head.integers ? 1 : 0, head.integers ? literal(x.quant.scale[0]) : "0.0f",
             head.integers ? x.quant.zero_point[0] : 0);
  text += format("void {0}_head_reset({0}_head *head) {{\n", w.name);
  if (head.integers) {
    const Node& n = g.nodes[static_cast<size_t>(head.node)];
    text += format(
        "  thimble_head_reset_s8(&{0}_head_plan, {0}_head_weights, {0}_head_scales, {1}, {2}, head->weights,\n"
        "                        head->bias);\n}}\n\n",
        w.name, g.at(n.inputs[1]).quant.scale.size(), has_bias(n) ? w.name + "_head_bias" : "NULL");
  } else {
    text += format("  thimble_head_reset_f32(&{}_head_plan, {}, {}, head->weights, head->bias);\n}}\n\n", w.name,
                   weights, bias);
  }
  text += format("int {0}_run_head({1}, {0}_head *head) {{\n{2}", w.name, w.parameters, w.compute);
  text += format(
      "  thimble_head_probabilities(&{0}_head_plan, {2}, head->weights, head->bias, head->probabilities);\n"
      "  return {1}_OK;\n}}\n\n",
      w.name, w.macro, w.features);
  text += format("int {0}_train_step({1}, int32_t label, float learning_rate,\n    {0}_head *head) {{\n", w.name,
                 w.parameters);
  text += format("  if (label < 0 || label >= {0}_HEAD_CLASSES) return {0}_NO_SUCH_CLASS;\n{1}", w.macro, w.compute);
  text += format(
      "  thimble_head_step(&{0}_head_plan, {2}, (thimble_dim)label, learning_rate, head->weights, head->bias,\n"
      "                    head->probabilities);\n  return {1}_OK;\n}}\n",
      w.name, w.macro, w.features);
  return text;
}

}  // namespace thimble::micro
