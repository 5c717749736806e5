// What of a file is not in the graph that was read of it, and models on their way out.
#pragma once

#include "app/command.h"
#include "graph/graph.h"

namespace thimble::app {

// As a note, where a file holds several signatures or subgraphs: which one is meant.
void note_left_out(const Graph& graph, const Context& context);

// A packed file keeps how the model is fed and its labels, but has no room for attached files: what those and TFLite's
// metadata say of feeding is put into Thimble's own words. Errors: unsupported, naming files that would be lost.
Status ready_to_pack(Graph& graph, const Context& context);

// The bytes of a file of this name (write_model), after ready_to_pack where that is a packed one.
Result<std::vector<uint8_t>> model_bytes(Graph graph, const std::string& path, const Context& context);

}  // namespace thimble::app
