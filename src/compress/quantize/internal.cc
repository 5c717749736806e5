#include "compress/quantize/internal.h"

#include <algorithm>

#include "compress/layer_choice.h"
#include "compress/size_report.h"

namespace thimble::compress {

void Ledger::remember(TensorId t, std::string why) {
  Entry& e = entries_[static_cast<size_t>(t)];
  if (e.why.empty()) e.why = std::move(why);
}

void Ledger::becomes(TensorId t, const Tensor& now, std::string why) {
  Entry& e = entries_[static_cast<size_t>(t)];
  e.after += now.bytes();
  if (e.type == DType::count || now.type != DType::f32) e.type = now.type;
  if (now.type == DType::f32) e.float_bytes += now.bytes();
  if ((now.type == DType::i32 || now.type == DType::i64) && source_.at(t).type == DType::f32)
    why = format("bias: {}, the type of the accumulator", thimble::name(now.type));
  remember(t, std::move(why));
}

void Ledger::finish(Quantized& result) const {
  for (size_t t = 0; t < entries_.size(); ++t) {
    const Tensor& source = source_.tensors[t];
    if (!source.constant()) continue;
    const Entry& e = entries_[t];
    TensorSize size{source.name, source.bytes(), e.after, e.type, {}};
    if (e.type == DType::count) {
      size.after = size.before;
      size.type = source.type;
    }
    if (size.after >= size.before) {
      size.why = !e.why.empty()              ? e.why
                 : source.type != DType::f32 ? unchanged_reason(source)
                                             : "its readers have no smaller form";
    } else if (e.type == DType::i8 || e.type == DType::f16) {
      size.why = e.why;  // fewer bits than its type has; values that float16 lacks
    }
    const int64_t left = e.type == DType::count ? (source.type == DType::f32 ? source.bytes() : 0) : e.float_bytes;
    if (left > 0) result.left.push_back({source.name, left, e.why.empty() ? size.why : e.why});
    result.sizes.push_back(std::move(size));
  }
}

int bits_of(const QuantizeOptions& options, const Graph& graph, const Node& node) {
  int bits = options.bits;
  size_t longest = 0;
  for (const auto& [layer, wanted] : options.layer_bits) {
    if (layer.size() < longest || !layer_selects(layer, graph, node)) continue;
    bits = wanted;
    longest = layer.size();
  }
  return bits;
}

int scale_axis(const Tensor& weights, int axis) {
  constexpr int64_t kFewValues = 64;
  if (weights.type != DType::f32) return axis;
  const ValueCounts counts = count_values(weights);
  return counts.distinct <= std::min(kFewValues, counts.elements / 4) ? -1 : axis;
}

std::vector<int> weight_inputs(const Node& node, const QuantRule& rule) {
  std::vector<int> inputs = rule.weight_inputs;
  if (rule.weight_input >= 0) inputs.push_back(rule.weight_input);
  std::erase_if(inputs, [&](int i) {
    return i >= static_cast<int>(node.inputs.size()) || node.inputs[static_cast<size_t>(i)] == kNoTensor;
  });
  return inputs;
}

std::string weights_obstacle(const Graph& graph, const Node& node, const QuantRule& rule) {
  std::vector<int> inputs = weight_inputs(node, rule);
  if (rule.bias_input >= 0 && rule.bias_input < static_cast<int>(node.inputs.size()) &&
      node.inputs[static_cast<size_t>(rule.bias_input)] != kNoTensor)
    inputs.push_back(rule.bias_input);
  for (int i : inputs) {
    const Tensor& w = graph.at(node.inputs[static_cast<size_t>(i)]);
    if (!w.constant()) return format("{} is computed, not constant", w.name);
    if (w.type != DType::f32) return format("{} is {} already", w.name, thimble::name(w.type));
  }
  return {};
}

}  // namespace thimble::compress
