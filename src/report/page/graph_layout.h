// Where the nodes of a directed graph lie in a layered drawing, from top to bottom, and how its edges run: layers by
// the longest path, order within a layer by barycentres (Sugiyama, Tagawa, Toda 1981), places by least squares with
// the least distance kept.
#pragma once

#include <cstddef>
#include <vector>

namespace thimble::report {

struct LayoutPoint {
  double x = 0, y = 0;
};

struct LayoutEdge {
  size_t from = 0, to = 0;
  double width = 0;                 // of its label
  std::vector<LayoutPoint> points;  // filled: from the lower side of `from` to the upper side of `to`
};

struct GraphLayout {
  std::vector<double> widths;  // of the nodes, in
  std::vector<LayoutEdge> edges;
  double node_height = 44, layer_gap = 58, node_gap = 26;

  std::vector<LayoutPoint> centres;  // filled, one per node
  double width = 0, height = 0;      // of the whole drawing
};

// Edges lead from earlier nodes to later ones: from < to; others are ignored.
void lay_out(GraphLayout* graph);

}  // namespace thimble::report
