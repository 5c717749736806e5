#include "graph/graph.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace thimble {

Data Data::copy(std::span<const uint8_t> bytes) {
  constexpr std::align_val_t alignment{64};
  const size_t size = std::max<size_t>(bytes.size(), 1);
  std::shared_ptr<uint8_t> block(static_cast<uint8_t*>(::operator new(size, alignment)),
                                 [](uint8_t* p) { ::operator delete (p, std::align_val_t{64}); });
  if (!bytes.empty()) std::memcpy(block.get(), bytes.data(), bytes.size());
  Data data;
  data.bytes = block.get();
  data.size = bytes.size();
  data.owner = std::move(block);
  return data;
}

std::string Tensor::to_string() const {
  std::string text = format("{} {} {}", name, thimble::name(type), shape.to_string());
  if (quant.per_axis()) text += format(" per-channel({})", quant.axis);
  return text;
}

std::vector<NodeId> Graph::producers() const {
  std::vector<NodeId> producer(tensors.size(), -1);
  for (size_t n = 0; n < nodes.size(); ++n)
    for (TensorId t : nodes[n].outputs)
      if (t >= 0) producer[static_cast<size_t>(t)] = static_cast<NodeId>(n);
  return producer;
}

std::vector<int> Graph::use_counts() const {
  std::vector<int> uses(tensors.size(), 0);
  for (const Node& node : nodes)
    for (TensorId t : node.inputs)
      if (t >= 0) ++uses[static_cast<size_t>(t)];
  for (TensorId t : outputs) ++uses[static_cast<size_t>(t)];
  return uses;
}

std::vector<char> Graph::remove_unused(std::span<const char> node_is_dead) {
  std::vector<char> needed(tensors.size(), 0);
  for (TensorId t : outputs) needed[static_cast<size_t>(t)] = 1;
  std::vector<char> keep(nodes.size(), 0);
  for (size_t i = nodes.size(); i-- > 0;) {
    if (!node_is_dead.empty() && node_is_dead[i]) continue;
    const Node& node = nodes[i];
    bool live = node.outputs.empty();  // acts on variables only
    for (TensorId t : node.outputs) live = live || (t >= 0 && needed[static_cast<size_t>(t)]);
    if (!live) continue;
    keep[i] = 1;
    for (const auto* list : {&node.inputs, &node.outputs, &node.intermediates})
      for (TensorId t : *list)
        if (t >= 0) needed[static_cast<size_t>(t)] = 1;
  }
  for (TensorId t : inputs) needed[static_cast<size_t>(t)] = 1;

  std::vector<Node> kept_nodes;
  for (size_t i = 0; i < nodes.size(); ++i)
    if (keep[i]) kept_nodes.push_back(std::move(nodes[i]));
  nodes = std::move(kept_nodes);
  keep_tensors(needed);
  return keep;
}

void Graph::keep_tensors(std::span<const char> keep) {
  std::vector<TensorId> renumber(tensors.size(), kNoTensor);
  std::vector<Tensor> kept;
  for (size_t t = 0; t < tensors.size(); ++t)
    if (keep[t]) {
      renumber[t] = static_cast<TensorId>(kept.size());
      kept.push_back(std::move(tensors[t]));
    }
  tensors = std::move(kept);
  const auto apply = [&](std::vector<TensorId>& list) {
    for (TensorId& t : list)
      if (t >= 0) t = renumber[static_cast<size_t>(t)];
  };
  for (Node& node : nodes) {
    apply(node.inputs);
    apply(node.outputs);
    apply(node.intermediates);
  }
  apply(inputs);
  apply(outputs);
}

}  // namespace thimble
