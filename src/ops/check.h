// The executable specification of a whole graph: structure first, then every operator's contract.
// Run after reading a file and after every pass.
#pragma once

#include "ops/op.h"

namespace thimble {

// A graph that is known to be sound, with what inference has found out about each node. Whoever changes the graph has
// to check it again.
struct Checked {
  Graph graph;
  std::vector<Resolved> nodes;  // one per node of the graph
};

// Fails with the node's name, operator and tensors if anything is wrong, also where a declared
// output type or shape differs from the inferred one.
Status verify(const Graph& graph);
Result<Checked> check(Graph graph);

// Runs one node's inference. Errors carry the node's place and its tensors.
Status infer_node(const Graph& graph, const Node& node, InferContext* context);

// How many nodes have been inferred in this thread since it began: for tests that hold how often it is done.
int64_t inferred_nodes();

// Multiply-accumulates of the whole graph, and of each node.
struct GraphCost {
  int64_t macs = 0;
  std::vector<int64_t> node_macs;
};
Result<GraphCost> cost(const Graph& graph);

// A readable listing: inputs, then one line per node with attributes, tensors and shapes.
std::string dump(const Graph& graph);

}  // namespace thimble
