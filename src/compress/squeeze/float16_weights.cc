#include "compress/squeeze/float16_weights.h"

#include <algorithm>

#include "base/format.h"
#include "base/half.h"
#include "ops/make.h"
#include "ops/operands.h"

namespace thimble::compress {

Float16Marks widen_float16(Graph& graph) {
  Float16Marks marks;
  std::vector<char> dead(graph.nodes.size(), 0);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!converts(node)) continue;
    const Tensor& stored = graph.at(node.inputs[0]);
    if (!stored.constant() || stored.type != DType::f16) continue;
    if (std::ranges::find(graph.outputs, node.outputs[0]) != graph.outputs.end()) continue;
    std::vector<float> values;
    for (const uint16_t half : stored.data.as<uint16_t>()) values.push_back(half_to_float(half));
    Tensor& wide = graph.at(node.outputs[0]);
    std::string mark = format("\x01{}", marks.size());
    marks.emplace(mark, Float16Names{stored.name, wide.name, node.name});
    wide.data = Data::of(std::span<const float>(values));
    wide.batch_unknown = false;
    wide.name = std::move(mark);
    dead[n] = 1;
  }
  if (!marks.empty()) graph.remove_unused(dead);
  return marks;
}

void narrow_float16(Graph& graph, const Float16Marks& marks) {
  if (marks.empty()) return;
  std::vector<char> done(graph.tensors.size(), 0);
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    for (const TensorId t : node.inputs) {
      if (t == kNoTensor || static_cast<size_t>(t) >= done.size() || done[static_cast<size_t>(t)]++) continue;
      const auto mark = graph.at(t).constant() ? marks.find(graph.at(t).name) : marks.end();
      if (mark == marks.end()) continue;
      std::vector<uint16_t> halves;
      for (const float v : graph.at(t).data.as<float>()) halves.push_back(float_to_half(v));
      const TensorId stored = graph.add({.name = mark->second.stored,
                                         .type = DType::f16,
                                         .shape = graph.at(t).shape,
                                         .data = Data::of(std::span<const uint16_t>(halves))});
      graph.at(t).name = mark->second.widened;
      graph.at(t).data = {};
      nodes.push_back(make::conversion(graph, stored, t));
      nodes.back().name = mark->second.node;
    }
    nodes.push_back(std::move(node));
  }
  graph.nodes = std::move(nodes);
}

}  // namespace thimble::compress
