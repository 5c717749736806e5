// Plots: ticks, fronts, and that drawings of odd data are sound.
#include "report/plots/svg.h"

#include "base/format.h"

#include <algorithm>
#include <cmath>
#include <set>

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

// The texts of the class between > and <.
std::vector<std::string> texts_of(const std::string& svg, const std::string& css) {
  std::vector<std::string> out;
  const std::string mark = "class=\"" + css;
  for (size_t at = svg.find(mark); at != std::string::npos; at = svg.find(mark, at + 1)) {
    const size_t from = svg.find('>', at) + 1;
    out.push_back(svg.substr(from, svg.find('<', from) - from));
  }
  return out;
}

TEST(Svg, AxesWriteWholeDistinctNumbersInsideTheFrame) {
  LineChart chart;
  chart.x = {"epoch", Unit::count};
  chart.y = {"error", Unit::number};
  chart.series = {{"a", {1, 2, 3, 4}, {-12.5, -5, -2, 0}, {}, {}, 0, false, false}};
  const auto texts = texts_of(line_chart(chart), "tk");
  EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).count("1.5"), 0u);
  for (const char* epoch : {"1", "2", "3", "4"})
    EXPECT_NE(std::find(texts.begin(), texts.end(), epoch), texts.end()) << epoch;
  EXPECT_NE(std::find(texts.begin(), texts.end(), "-7.5"), texts.end());
  chart.series[0].y = {231'000, 431'000, 412'000, 300'000};
  const auto large = texts_of(line_chart(chart), "tk ae");
  EXPECT_EQ(std::set<std::string>(large.begin(), large.end()).size(), large.size());
  EXPECT_NE(line_chart(chart).find("error (thousand)"), std::string::npos);
  // A tick that ends 7 units left of the plot begins inside the drawing.
  for (const std::string& tick : large) EXPECT_LT(6.7 * static_cast<double>(tick.size()), 45.0) << tick;
}

TEST(Svg, TicksAtTheEndsAreWhole) {
  Distributions chart;
  chart.rows.push_back({"a", {-0.073, -0.05, 0, 0.01, 0.02, 0.0742}, 0});
  const std::string svg = distributions(chart);
  const auto ticks_there = texts_of(svg, "tk am");
  ASSERT_GE(ticks_there.size(), 4u);
  for (size_t at = svg.find("class=\"tk am\""), k = 0; at != std::string::npos;
       at = svg.find("class=\"tk am\"", at + 1)) {
    const size_t from = svg.rfind("x=\"", at) + 3;
    const double middle = std::stod(svg.substr(from)), half = 3.6 * static_cast<double>(ticks_there[k++].size());
    EXPECT_GE(middle, half - 4) << ticks_there[k - 1];
    EXPECT_LE(middle, kWidth - half + 4) << ticks_there[k - 1];
  }
}

TEST(Svg, EveryOfFifteenPointsIsNamedOnceAndInsideTheFrame) {
  Scatter chart;
  for (int i = 0; i < 15; ++i)
    chart.points.push_back(
        {format("pruned80_{}_int8", i), 13000.0 + 40 * (i % 4), 0.91 + 0.0003 * i, 0.905, 0.915, i, "", i == 7});
  const std::string svg = scatter(chart);
  const auto names = texts_of(svg, "lb st");
  EXPECT_EQ(names.size(), 15u);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 15u);
  EXPECT_EQ(texts_of(svg, "lb st sh").size(), 1u);
  std::set<std::string> marks;  // colour and shape, without the place
  for (int i = 0; i < 48; ++i) marks.insert(mark_icon(i));
  EXPECT_EQ(marks.size(), 48u);
}

TEST(Svg, FieldsAndClouds) {
  Field f;
  for (int i = 0; i < 400; ++i) f.x.push_back(i % 20), f.y.push_back(i / 20), f.z.push_back(i % 20 - 10);
  f.signed_ = true;
  EXPECT_NE(field(f).find("class=\"f1\""), std::string::npos);
  EXPECT_LT(field(f).size(), 20'000u);
  EXPECT_EQ(field({}), "");
  EXPECT_NE(cloud({"", {"a"}, {"b"}, {{1, 2}, {2, 2}}, 0, true}).find("class=\"dt c0\""), std::string::npos);
  EXPECT_EQ(cloud({}), "");
}

TEST(Svg, BarsWriteNamesInFullWhereThereIsRoom) {
  Bars chart;
  for (const char* name : {"dense_1", "dense_2", "function:himmelblau · float32"}) chart.bars.push_back({name, 1.5});
  EXPECT_EQ(bars(chart).find("…"), std::string::npos);
  chart.bars.resize(2);  // the margin is as wide as the names
  EXPECT_EQ(bars(chart).find("…"), std::string::npos);
}

// A few runs that waited for the machine do not press all others against the edge.
TEST(Svg, RunsFarBeyondTheOthersAreCountedAtTheEdge) {
  Distributions chart;
  chart.x = {"time", Unit::microseconds};
  Distribution row{"float32", {}, 0};
  for (int i = 0; i < 47; ++i) row.samples.push_back(190.0 + i);
  row.samples.push_back(20'000);
  chart.rows.push_back(row);
  const std::string drawn = distributions(chart);
  EXPECT_NE(drawn.find("1 beyond, up to 20.0 ms"), std::string::npos);
  EXPECT_EQ(drawn.find(">2000<"), std::string::npos) << "a tick far beyond the runs";
  chart.rows[0].samples.back() = 300;
  EXPECT_EQ(distributions(chart).find("beyond"), std::string::npos);
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
  chart.series = {{"a<b", {1, 2, 3, 4}, {1, nan, inf, 4}, {}, {}, 0, false, false},
                  {"", {}, {}, {}, {}, 1, true, false},
                  {"single", {2}, {1e300}, {}, {}, 9, false, true}};
  Distributions rows;
  rows.rows.push_back({"x", {nan, 3, 3, 3, 3, 3, 3}, 0});
  for (const std::string& drawing :
       {line_chart(chart), scatter({"", {}, {}, {{"p", nan, 1, 0, 0, 0, ""}, {"q", 1, 1, 0, 2, -3, ""}}}),
        distributions(rows), bars({"", 0, Unit::bytes, {{"b", nan, "", "", 0, inf}, {"c", -5, "", "", 0, 0}}}),
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
