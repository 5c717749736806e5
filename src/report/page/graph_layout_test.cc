#include "report/page/graph_layout.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"
#include "report/page/report_graph.h"

namespace thimble {
namespace {

using report::GraphLayout;

// No two boxes overlap, edges lead down, and everything lies inside the drawing.
void expect_sound(const GraphLayout& g) {
  ASSERT_EQ(g.centres.size(), g.widths.size());
  for (size_t a = 0; a < g.widths.size(); ++a) {
    EXPECT_GE(g.centres[a].x - g.widths[a] / 2, 0);
    EXPECT_LE(g.centres[a].x + g.widths[a] / 2, g.width);
    EXPECT_GE(g.centres[a].y - g.node_height / 2, 0);
    EXPECT_LE(g.centres[a].y + g.node_height / 2, g.height);
    for (size_t b = 0; b < a; ++b)
      if (g.centres[a].y == g.centres[b].y) {
        EXPECT_GE(std::fabs(g.centres[a].x - g.centres[b].x) + 1e-6, (g.widths[a] + g.widths[b]) / 2 + g.node_gap);
      }
  }
  for (const report::LayoutEdge& e : g.edges) {
    ASSERT_GE(e.points.size(), 2U);
    for (size_t i = 1; i < e.points.size(); ++i) EXPECT_GT(e.points[i].y, e.points[i - 1].y);
    EXPECT_EQ(e.points.front().x, g.centres[e.from].x);
    EXPECT_EQ(e.points.back().x, g.centres[e.to].x);
  }
}

TEST(GraphLayout, AChainIsAStraightLine) {
  GraphLayout g{.widths = {100, 140, 90, 120}, .edges = {{0, 1}, {1, 2}, {2, 3}}};
  lay_out(&g);
  expect_sound(g);
  for (const auto& c : g.centres) EXPECT_NEAR(c.x, g.centres[0].x, 1e-6);
}

TEST(GraphLayout, AShortcutPassesBesideTheChain) {
  GraphLayout g{.widths = {100, 100, 100, 100}, .edges = {{0, 1}, {1, 2}, {2, 3}, {0, 3}}};
  lay_out(&g);
  expect_sound(g);
  const auto& points = g.edges[3].points;
  ASSERT_EQ(points.size(), 6U);  // two layers are passed
  EXPECT_GT(std::fabs(points[1].x - g.centres[1].x), g.widths[1] / 2);
}

TEST(GraphLayout, RandomGraphsAreSound) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    GraphLayout g;
    for (uint64_t n = 0; n < 60; ++n) {
      g.widths.push_back(90 + static_cast<double>(random_bits(seed, 1, n) % 100));
      for (uint64_t k = 0; n > 0 && k < 1 + random_bits(seed, 2, n) % 2; ++k)
        g.edges.push_back({static_cast<size_t>(random_bits(seed, 3 + k, n) % n), static_cast<size_t>(n)});
    }
    lay_out(&g);
    expect_sound(g);
  }
}

TEST(GraphPage, NamesFromFilesAreText) {
  GraphPage page;
  page.title = "<b>&.tflite";
  page.tensors.push_back({"</script><script>alert(1)</script>", "1×2", {{"type", "\"<i>"}}, {0, 1, {3, 0, 5}}});
  page.nodes.push_back({GraphPageNode::Kind::port, "input", "<img src=x>", "", {}, {}});
  page.nodes.push_back({GraphPageNode::Kind::layer, "conv2d", "c", "3×3", {{"name", "c"}}, {0}});
  page.edges.push_back({0, 1, 0});
  page.edges.push_back({1, 0, 0});  // leads upwards: left out
  const std::string html = graph_html(page);
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_EQ(html.find("<img"), std::string::npos);
  EXPECT_EQ(html.find("<b>"), std::string::npos);
  EXPECT_NE(html.find("id=\"e0\""), std::string::npos);
  EXPECT_EQ(html.find("id=\"e1\""), std::string::npos);
  EXPECT_EQ(html.find("<link"), std::string::npos);
}

TEST(GraphPage, SaysWhatIsNotDrawn) {
  GraphPage page;
  page.nodes.resize(kMostDrawnNodes + 7);
  const std::string html = graph_html(page);
  EXPECT_NE(html.find(std::to_string(kMostDrawnNodes) + " of " + std::to_string(kMostDrawnNodes + 7)),
            std::string::npos);
}

}  // namespace
}  // namespace thimble
