#include "compress/quantize/int8_answers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compress/quantize/params.h"
#include "ops/check.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/operands.h"

namespace thimble::compress {
namespace {

// The integer layer that gives the answers, if its scales can be changed.
Node* integer_dense(Graph& graph, TensorId answer, size_t columns) {
  const NodeId n = graph.producers()[static_cast<size_t>(answer)];
  if (n < 0) return nullptr;
  Node& node = graph.nodes[static_cast<size_t>(n)];
  if (!node.attrs.holds<FullyConnectedAttrs>() || node.inputs.size() < 3 || node.inputs[2] == kNoTensor ||
      node.attrs.as<FullyConnectedAttrs>().activation != Activation::none)
    return nullptr;
  const std::vector<int> uses = graph.use_counts();
  const auto own = [&](size_t input, DType type) {
    const Tensor& t = graph.at(node.inputs[input]);
    return t.constant() && t.type == type && uses[static_cast<size_t>(node.inputs[input])] == 1;
  };
  const Tensor &x = graph.at(node.inputs[0]), &y = graph.at(answer);
  const bool integers = x.type == DType::i8 && y.type == DType::i8 && x.quant.scale.size() == 1 &&
                        y.quant.scale.size() == 1 && (own(1, DType::i8) || own(1, DType::i4)) && own(2, DType::i32);
  return integers && graph.at(node.inputs[2]).shape.elements() == static_cast<int64_t>(columns) ? &node : nullptr;
}

// The biases with the mean in them; empty where one leaves int32.
std::vector<int32_t> with_means(const Tensor& bias, const std::vector<float>& mean) {
  std::vector<int32_t> moved;
  for (size_t c = 0; c < mean.size(); ++c) {
    const double quantum = bias.quant.scale[bias.quant.per_axis() ? c : 0];
    const double value = bias.data.as<int32_t>()[c] + std::round(static_cast<double>(mean[c]) / quantum);
    if (!(std::fabs(value) < double{1 << 30})) return {};
    moved.push_back(static_cast<int32_t>(value));
  }
  return moved;
}

}  // namespace

bool has_tiny_unit(const AnswerScale& scale) {
  return std::ranges::any_of(scale.deviation, [](float d) { return d < 0x1p-14f; });
}

bool wants_float_answer(const AnswerScale& scale) {
  return scale.on() && (!scale.one_deviation() || !scale.near_zero() || has_tiny_unit(scale));
}

Status put_int8_answers(Graph& graph, const AnswerScale& scale, int scale_bits) {
  if (!scale.on()) return {};
  const bool float_answer = graph.at(graph.outputs[0]).type == DType::f32;
  // Behind the last layer stands at most what changes the type.
  const NodeId end = graph.producers()[static_cast<size_t>(graph.outputs[0])];
  const bool converted = end >= 0 && converts(graph.nodes[static_cast<size_t>(end)]);
  const TensorId answer = converted ? graph.nodes[static_cast<size_t>(end)].inputs[0] : graph.outputs[0];
  Node* dense = integer_dense(graph, answer, scale.mean.size());
  std::vector<int32_t> moved;
  if (dense && !(float_answer && wants_float_answer(scale))) {
    Tensor &w = graph.at(dense->inputs[1]), &b = graph.at(dense->inputs[2]);
    for (Tensor* t : {&w, &b}) {
      if (!scale.one_deviation() && !t->quant.per_axis()) {  // columns get scales of their own
        t->quant.scale.assign(scale.mean.size(), t->quant.scale[0]);
        t->quant.zero_point.assign(scale.mean.size(), 0);
        t->quant.axis = 0;
      }
      for (size_t c = 0; c < t->quant.scale.size(); ++c) t->quant.scale[c] *= scale.deviation[c];
    }
    moved = with_means(b, scale.mean);
    if (moved.empty())  // as they were: the answers stay float
      for (Tensor* t : {&w, &b})
        for (size_t c = 0; c < t->quant.scale.size(); ++c) t->quant.scale[c] /= scale.deviation[c];
    else
      b.data = Data::of(std::span<const int32_t>(moved));
  }
  if (moved.empty()) {
    if (float_answer) return put_answer_scale(graph, scale);
    return fail(ErrorCode::unsupported, "the integer answers of this network cannot take the scale of its targets",
                "write answers as float32 (--io float, io = \"float\"), or train with data.target_scale = \"none\"");
  }
  Tensor& y = graph.at(answer);
  ValueRange range;
  for (size_t c = 0; c < scale.mean.size(); ++c)
    for (const int q : {-128, 127}) {
      const float value = static_cast<float>(q - y.quant.zero_point[0]) * y.quant.scale[0];
      const float said = value * scale.deviation[c] + scale.mean[c];
      range = {std::min(range.min, said), std::max(range.max, said)};
    }
  y.quant = activation_quantization(range, scale_bits, std::numeric_limits<float>::min());
  if (Tensor& out = graph.at(graph.outputs[0]); converted && !float_answer)
    out.quant = out.type == DType::u8 ? as_uint8(y.quant) : y.quant;
  if (!scale.metadata.empty()) graph.metadata[kPreprocessKey] = scale.metadata;
  return {};
}

}  // namespace thimble::compress
