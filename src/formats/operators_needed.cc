// Which operators a build must have for a model.
#include <set>

#include "formats/model_file.h"
#include "formats/tflite/listing.h"

namespace thimble {

Result<std::vector<Op>> operators_needed(std::span<const uint8_t> file, const Graph& graph) {
  std::set<Op> needed;
  for (const Node& node : graph.nodes) needed.insert(node.op);
  if (is_tflite(file)) {  // what is computed while reading leaves no node
    THIMBLE_ASSIGN(const TfliteListing listing, list_tflite(file));
    for (const ListedSubgraph& subgraph : listing.subgraphs)
      for (const ListedOperator& op : subgraph.operators) needed.insert(op.read_as.begin(), op.read_as.end());
  }
  return std::vector<Op>(needed.begin(), needed.end());
}

}  // namespace thimble
