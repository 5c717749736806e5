// What a model's inputs and outputs are called: the names of its signature, which its author chose, and those of
// tensors.
#pragma once

#include "graph/graph.h"

namespace thimble::app {

// The signature's name; the tensor's where there is none.
const std::string& input_name(const Graph& graph, size_t i);
const std::string& output_name(const Graph& graph, size_t i);

// Which input is meant: an index, a name of the signature or a tensor's. Error: usage, with the names there are.
Result<size_t> find_input(const Graph& graph, const std::string& key);

}  // namespace thimble::app
