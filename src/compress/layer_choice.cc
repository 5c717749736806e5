#include "compress/layer_choice.h"

#include <algorithm>

#include "base/suggest.h"

namespace thimble::compress {
namespace {

bool names_it(const std::string& layer, const std::string& name) {
  return name.starts_with(layer) && (name.size() == layer.size() || name[layer.size()] == '/');
}

}  // namespace

bool layer_selects(const std::string& layer, const Graph& graph, const Node& node) {
  return names_it(layer, node.name) ||
         std::ranges::any_of(node.outputs, [&](TensorId t) { return t >= 0 && names_it(layer, graph.at(t).name); });
}

bool selected(const std::vector<std::string>& layers, const Graph& graph, const Node& node) {
  return layers.empty() ||
         std::ranges::any_of(layers, [&](const std::string& l) { return layer_selects(l, graph, node); });
}

Status check_layers(const std::vector<std::string>& layers, const Graph& graph) {
  for (const std::string& layer : layers) {
    if (std::ranges::any_of(graph.nodes, [&](const Node& n) { return layer_selects(layer, graph, n); })) continue;
    std::vector<std::string> names;
    for (const Node& n : graph.nodes) names.push_back(n.name);
    return fail(ErrorCode::usage, format("the model has no layer \"{}\"", layer), did_you_mean_or_all(layer, names));
  }
  return {};
}

}  // namespace thimble::compress
