#include "report/page/graph_layout.h"

#include <algorithm>
#include <cmath>

namespace thimble::report {
namespace {

constexpr int kSweeps = 12, kMostSweeps = 400;  // of orders; of places
constexpr size_t kMostSteps = 8'000'000;        // of places, all sweeps together
constexpr double kStill = 0.05;                 // a sweep that moves nothing further than this is the last
constexpr size_t kMostBends = 200'000;          // of edges that pass layers; beyond it they run straight
constexpr double kBendWidth = 10, kMargin = 24;

// A node, or a bend where an edge passes a layer.
struct Item {
  size_t layer = 0;
  double width = 0, x = 0, wish = 0;
  std::vector<size_t> above, below;
};

class Layout {
 public:
  explicit Layout(GraphLayout* graph) : g_(*graph), paths_(g_.edges.size()) {}

  void run() {
    make_items();
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      const bool down = sweep % 2 == 0;
      for (size_t i = 0; i < layers_.size(); ++i) order(layers_[down ? i : layers_.size() - 1 - i], down);
    }
    for (auto& layer : layers_) start(layer);
    const size_t most = kMostSteps / items_.size() + 2;
    double moved = 1;
    for (size_t sweep = 0; sweep < std::min<size_t>(most, kMostSweeps) && moved > kStill; ++sweep) {
      const bool down = sweep % 2 == 0;
      moved = 0;
      for (size_t i = 0; i < layers_.size(); ++i)
        moved = std::max(moved, place(layers_[down ? i : layers_.size() - 1 - i]));
    }
    finish();
  }

 private:
  size_t add(size_t layer, double width) {
    items_.push_back({.layer = layer, .width = width, .above = {}, .below = {}});
    return items_.size() - 1;
  }
  void join(size_t upper, size_t lower) {
    items_[upper].below.push_back(lower);
    items_[lower].above.push_back(upper);
  }

  void make_items() {
    const size_t nodes = g_.widths.size();
    for (const double width : g_.widths) add(0, width);
    std::vector<std::vector<size_t>> out(nodes);
    for (size_t e = 0; e < g_.edges.size(); ++e)
      if (g_.edges[e].from < g_.edges[e].to && g_.edges[e].to < nodes) out[g_.edges[e].from].push_back(e);
    for (size_t n = 0; n < nodes; ++n)
      for (const size_t e : out[n]) {
        Item& to = items_[g_.edges[e].to];
        to.layer = std::max(to.layer, items_[n].layer + 1);
      }
    // What nothing feeds stands right above what it feeds, and not at the top.
    std::vector<char> fed(nodes, 0);
    for (const LayoutEdge& e : g_.edges)
      if (e.from < e.to && e.to < nodes) fed[e.to] = 1;
    size_t layers = 1;
    for (size_t n = 0; n < nodes; ++n) {
      if (!fed[n] && !out[n].empty()) {
        size_t first = SIZE_MAX;
        for (const size_t e : out[n]) first = std::min(first, items_[g_.edges[e].to].layer);
        items_[n].layer = first - 1;
      }
      layers = std::max(layers, items_[n].layer + 1);
    }
    size_t bends = 0;
    for (size_t n = 0; n < nodes; ++n)
      for (const size_t e : out[n]) {
        size_t at = n;
        const size_t to = g_.edges[e].to, end = items_[to].layer;
        for (size_t layer = items_[n].layer + 1; layer < end && bends < kMostBends; ++layer, ++bends) {
          const size_t bend = add(layer, kBendWidth);
          join(at, bend);
          paths_[e].push_back(bend);
          at = bend;
        }
        join(at, to);
      }
    layers_.resize(layers);
    for (size_t i = 0; i < items_.size(); ++i) layers_[items_[i].layer].push_back(i);
    for (const auto& layer : layers_) number(layer);
  }

  // The place of each item in its layer, as x while the order is looked for.
  void number(const std::vector<size_t>& layer) {
    for (size_t i = 0; i < layer.size(); ++i) items_[layer[i]].x = static_cast<double>(i);
  }

  void order(std::vector<size_t>& layer, bool down) {
    for (const size_t i : layer) {
      const std::vector<size_t>& towards = down ? items_[i].above : items_[i].below;
      items_[i].wish = items_[i].x;
      if (!towards.empty()) items_[i].wish = mean(towards);
    }
    std::ranges::stable_sort(layer, {}, [&](size_t i) { return items_[i].wish; });
    number(layer);
  }

  double mean(const std::vector<size_t>& of) const {
    double sum = 0;
    for (const size_t i : of) sum += items_[i].x;
    return sum / static_cast<double>(of.size());
  }

  double distance(size_t left, size_t right) const {
    return (items_[left].width + items_[right].width) / 2 + g_.node_gap;
  }

  void start(const std::vector<size_t>& layer) {
    double x = 0;
    for (size_t i = 0; i < layer.size(); ++i) {
      if (i > 0) x += distance(layer[i - 1], layer[i]);
      items_[layer[i]].x = x;
    }
    for (const size_t i : layer) items_[i].x -= x / 2;
  }

  // As near as possible to the mean of the neighbours: the isotonic regression of what is left when the distances are
  // taken away (pool adjacent violators). Bends weigh more, so that long edges run straight. Returns how far an item
  // has moved at most.
  double place(const std::vector<size_t>& layer) {
    struct Block {
      double sum;
      size_t count;
      double mean() const { return sum / static_cast<double>(count); }
    };
    std::vector<Block> blocks;
    double offset = 0;
    for (size_t i = 0; i < layer.size(); ++i) {
      Item& item = items_[layer[i]];
      if (i > 0) offset += distance(layer[i - 1], layer[i]);
      double wish = item.x;
      if (!item.above.empty() || !item.below.empty()) {
        wish = 0;
        for (const auto* side : {&item.above, &item.below})
          if (!side->empty()) wish += mean(*side);
        wish /= static_cast<double>(!item.above.empty()) + static_cast<double>(!item.below.empty());
      }
      item.wish = offset;
      blocks.push_back({wish - offset, 1});
      while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() > blocks.back().mean()) {
        const Block last = blocks.back();
        blocks.pop_back();
        blocks.back() = {blocks.back().sum + last.sum, blocks.back().count + last.count};
      }
    }
    size_t at = 0;
    double moved = 0;
    for (const Block& block : blocks)
      for (size_t k = 0; k < block.count; ++k, ++at) {
        Item& item = items_[layer[at]];
        const double x = item.wish + block.mean();
        moved = std::max(moved, std::fabs(x - item.x));
        item.x = x;
      }
    return moved;
  }

  void finish() {
    double left = 0, right = 0;
    for (const Item& item : items_) {
      left = std::min(left, item.x - item.width / 2);
      right = std::max(right, item.x + item.width / 2);
    }
    for (const LayoutEdge& e : g_.edges) right = std::max(right, items_[std::min(e.to, items_.size() - 1)].x + e.width);
    const double step = g_.node_height + g_.layer_gap;
    const auto top = [&](const Item& item) { return kMargin + static_cast<double>(item.layer) * step; };
    const auto x_of = [&](const Item& item) { return item.x - left + kMargin; };
    g_.centres.clear();
    for (size_t n = 0; n < g_.widths.size(); ++n)
      g_.centres.push_back({x_of(items_[n]), top(items_[n]) + g_.node_height / 2});
    for (size_t e = 0; e < g_.edges.size(); ++e) {
      LayoutEdge& edge = g_.edges[e];
      edge.points.clear();
      if (edge.from >= edge.to || edge.to >= g_.widths.size()) continue;
      edge.points.push_back({g_.centres[edge.from].x, g_.centres[edge.from].y + g_.node_height / 2});
      for (const size_t bend : paths_[e]) {
        edge.points.push_back({x_of(items_[bend]), top(items_[bend])});
        edge.points.push_back({x_of(items_[bend]), top(items_[bend]) + g_.node_height});
      }
      edge.points.push_back({g_.centres[edge.to].x, g_.centres[edge.to].y - g_.node_height / 2});
    }
    g_.width = right - left + 2 * kMargin;
    g_.height = 2 * kMargin + static_cast<double>(layers_.size()) * step - g_.layer_gap;
  }

  GraphLayout& g_;
  std::vector<Item> items_;                  // the nodes, then bends
  std::vector<std::vector<size_t>> layers_;  // items in their order
  std::vector<std::vector<size_t>> paths_;   // bends of each edge
};

}  // namespace

void lay_out(GraphLayout* graph) {
  if (graph->widths.empty()) return;
  Layout(graph).run();
}

}  // namespace thimble::report
