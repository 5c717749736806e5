// Plots: ticks, fronts, and that drawings of odd data are sound.
#include "report/plots/svg.h"

#include <cmath>

#include <gtest/gtest.h>

namespace thimble::svg {
namespace {

TEST(Svg, TicksAreRound) {
  EXPECT_EQ(ticks(0, 100, 5), (std::vector<double>{0, 20, 40, 60, 80, 100}));
  const auto t = ticks(0.905, 0.921, 4);
  ASSERT_GE(t.size(), 3u);
  EXPECT_NEAR(t[0], 0.905, 1e-12);
  EXPECT_NEAR(t[1] - t[0], 0.005, 1e-12);
  EXPECT_EQ(log_ticks(1, 100, 8), (std::vector<double>{1, 2, 5, 10, 20, 50, 100}));
  EXPECT_EQ(log_ticks(1, 1e6, 3).size(), 4u);
  EXPECT_TRUE(ticks(1, 1, 5).empty());
  EXPECT_TRUE(ticks(0, std::nan(""), 5).empty());
  EXPECT_TRUE(log_ticks(-1, 10, 5).empty());
}

TEST(Svg, ParetoFront) {
  const std::vector<ScatterPoint> points = {{"a", 10, 0.9, 0, 0, 0, ""},
                                            {"b", 20, 0.8, 0, 0, 0, ""},
                                            {"c", 30, 0.95, 0, 0, 0, ""},
                                            {"d", 10, 0.7, 0, 0, 0, ""}};
  EXPECT_EQ(pareto_front(points, true), (std::vector<size_t>{0, 2}));
  EXPECT_EQ(pareto_front(points, false), (std::vector<size_t>{3}));
}

size_t count_of(const std::string& text, const std::string& what) {
  size_t n = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

TEST(Svg, EmptyDataDrawsNothing) {
  EXPECT_EQ(line_chart({}), "");
  EXPECT_EQ(scatter({}), "");
  EXPECT_EQ(distributions({}), "");
  EXPECT_EQ(bars({}), "");
  EXPECT_EQ(matrix({}), "");
  EXPECT_EQ(memory_plan({}), "");
}

TEST(Svg, OddNumbersStaySound) {
  const double nan = std::nan(""), inf = HUGE_VAL;
  LineChart chart;
  chart.series = {{"a<b", {1, 2, 3, 4}, {1, nan, inf, 4}, 0, false, false},
                  {"", {}, {}, 1, true, false},
                  {"single", {2}, {1e300}, 9, false, true}};
  Distributions rows;
  rows.rows.push_back({"x", {nan, 3, 3, 3, 3, 3, 3}, 0});
  for (const std::string& drawing :
       {line_chart(chart), scatter({"", {}, {}, {{"p", nan, 1, 0, 0, 0, ""}, {"q", 1, 1, 0, 2, -3, ""}}}),
        distributions(rows), bars({"", Unit::bytes, {{"b", nan, "", "", 0, inf}, {"c", -5, "", "", 0, 0}}}),
        matrix({"", {}, {{0, 0}, {0, 0}}}), memory_plan({"", {{"t", 0, 64, 3, 3}, {"bad", -1, 5, 0, 0}}})}) {
    EXPECT_NE(drawing, "");
    EXPECT_EQ(drawing.find("nan"), std::string::npos) << drawing;
    EXPECT_EQ(drawing.find("inf"), std::string::npos) << drawing;
    EXPECT_EQ(count_of(drawing, "<svg"), 1u);
    EXPECT_EQ(count_of(drawing, "</svg>"), 1u);
    EXPECT_EQ(count_of(drawing, "<text"), count_of(drawing, "</text>"));
  }
}

TEST(Svg, ManyClassesStaySmall) {
  Matrix chart;
  chart.counts.assign(1000, std::vector<int64_t>(1000, 1));
  EXPECT_LT(matrix(chart).size(), 60'000u);
  chart.counts.assign(10, std::vector<int64_t>(10, 7));
  EXPECT_EQ(count_of(matrix(chart), "data-tip"), 100u);
}

}  // namespace
}  // namespace thimble::svg
