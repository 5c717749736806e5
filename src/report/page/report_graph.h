// The graph of a network on one page: a layered drawing to move about in, to search and to click. One file, nothing
// fetched, in the style of a study's report, light and dark.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace thimble {

// A table of words and what they are, as the page's side shows it.
using Facts = std::vector<std::pair<std::string, std::string>>;

// What a number of values looks like: how many lie in each of equal parts from low to high.
struct Histogram {
  double low = 0, high = 0;
  std::vector<int64_t> counts;
};

struct GraphPageTensor {
  std::string name, label;  // label: "1 × 28 × 28 × 8", on the edge
  Facts facts;
  Histogram histogram;  // no counts: none
};

struct GraphPageNode {
  enum class Kind : uint8_t { layer, function, movement, port, unsupported };
  Kind kind = Kind::function;
  std::string op, name, line;  // line: what matters most, below the operator
  Facts facts;
  std::vector<size_t> constants;  // tensors
};

struct GraphPageEdge {
  size_t from = 0, to = 0, tensor = 0;  // from < to
};

struct GraphPage {
  std::string title;
  Facts facts;  // of the whole
  std::vector<GraphPageTensor> tensors;
  std::vector<GraphPageNode> nodes;  // in execution order
  std::vector<GraphPageEdge> edges;
};

// Drawn are the first of so many nodes; the page says where there are more.
inline constexpr size_t kMostDrawnNodes = 5000;

std::string graph_html(const GraphPage& page);

}  // namespace thimble
