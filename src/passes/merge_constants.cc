#include "passes/merge_constants.h"

#include <algorithm>
#include <map>

namespace thimble {
namespace {

std::string key_of(const Tensor& t) {
  std::string key = format("{} {} {}", static_cast<int>(t.type), t.shape.to_string(), t.quant.axis);
  const auto add = [&](const void* data, size_t size) {
    key += format(" {}:", size);
    if (size > 0) key.append(static_cast<const char*>(data), size);
  };
  add(t.quant.scale.data(), t.quant.scale.size() * sizeof(float));
  add(t.quant.zero_point.data(), t.quant.zero_point.size() * sizeof(int32_t));
  add(t.data.bytes, t.data.size);
  return key;
}

}  // namespace

int merge_constants(Graph& graph) {
  std::map<std::string, TensorId> first;
  std::vector<TensorId> replacement(graph.tensors.size());
  int merged = 0;
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const auto t = static_cast<TensorId>(i);
    replacement[i] = t;
    const bool fixed = std::ranges::find(graph.outputs, t) != graph.outputs.end() ||
                       std::ranges::find(graph.inputs, t) != graph.inputs.end();
    if (!graph.at(t).constant() || fixed) continue;
    replacement[i] = first.try_emplace(key_of(graph.at(t)), t).first->second;
    merged += replacement[i] != t;
  }
  if (merged == 0) return 0;
  for (Node& node : graph.nodes)
    for (auto* list : {&node.inputs, &node.intermediates})
      for (TensorId& t : *list)
        if (t != kNoTensor) t = replacement[static_cast<size_t>(t)];
  graph.remove_unused();
  return merged;
}

}  // namespace thimble
