// Where the elements of a tensor were computed: followed back through operators that only put them elsewhere.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "graph/graph.h"

namespace thimble {

// Whether every element of the node's outputs is an element of its data inputs, at places that constants decide:
// slices, splits, joins, transpositions, reshapes, reversals, gathers. Of float32.
bool moves_elements(const Graph& graph, const Node& node);

// An element of a tensor.
struct Element {
  TensorId tensor = kNoTensor;
  int64_t index = 0;
  friend bool operator==(const Element&, const Element&) = default;
};

using Elements = std::vector<Element>;

// Rows of elements that lie next to each other in one tensor: row r begins at starts[r].
struct ElementRows {
  TensorId tensor = kNoTensor;
  std::vector<int64_t> starts;
};

// The elements as rows of `columns`; none where they are not.
std::optional<ElementRows> rows_of(std::span<const Element> elements, int64_t columns);
// The tensor that these are all elements of, in their order; kNoTensor where there is none.
TensorId whole_tensor(const Graph& graph, std::span<const Element> elements);

// Of a graph that does not change meanwhile.
class ElementOrigins {
 public:
  explicit ElementOrigins(const Graph& graph) : graph_(graph), producers_(graph.producers()) {}

  // One entry per element of t: itself, where an operator computes it, or t is an input or a constant. Empty beyond the
  // limit.
  const Elements& of(TensorId t);
  // The node that computes t, null for inputs and constants.
  const Node* producer(TensorId t) const {
    const NodeId n = producers_[static_cast<size_t>(t)];
    return n < 0 ? nullptr : &graph_.nodes[static_cast<size_t>(n)];
  }
  NodeId producer_id(TensorId t) const { return producers_[static_cast<size_t>(t)]; }

 private:
  static constexpr int64_t kMostElements = int64_t{1} << 23;  // of all tensors together

  bool room_for(std::span<const TensorId> tensors);
  bool follow(const Node& node);

  const Graph& graph_;
  std::vector<NodeId> producers_;
  std::map<TensorId, Elements> known_;
  int64_t elements_ = 0;
};

}  // namespace thimble
