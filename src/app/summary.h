// Sizes of a graph, node by node: what `inspect` and `bench` show.
#pragma once

#include "graph/graph.h"

namespace thimble::app {

struct NodeSummary {
  int64_t parameters = 0;  // trained numbers that this node is the first to read
  int64_t bytes = 0;       // of those
  int64_t macs = 0;
};

struct GraphSummary {
  std::vector<NodeSummary> nodes;
  int64_t parameters = 0, macs = 0;
  int64_t constant_bytes = 0;  // all constants, also shapes and paddings
};

// Constants of a 32- or 64-bit integer type without quantisation (shapes, axes, paddings) are not
// parameters.
Result<GraphSummary> summarize_graph(const Graph& graph);

}  // namespace thimble::app
