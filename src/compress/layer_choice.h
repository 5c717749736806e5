// Which nodes the names of layers in options mean: what quantisation and the techniques that train share.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "graph/graph.h"

namespace thimble::compress {

// Whether one name (a node, one of its outputs, or a prefix of these up to a "/") means a node; whether a list of them
// does (an empty one means all).
bool layer_selects(const std::string& layer, const Graph& graph, const Node& node);
bool selected(const std::vector<std::string>& layers, const Graph& graph, const Node& node);
// Fails if a name selects nothing.
Status check_layers(const std::vector<std::string>& layers, const Graph& graph);

}  // namespace thimble::compress
