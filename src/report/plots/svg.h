// Plots as inline SVG: line chart, scatter with Pareto front, distributions, bars, matrix, memory
// plan. Colours are CSS custom properties (see svg_style), so that one drawing serves light, dark
// and paper. Widths are view-box units near CSS pixels; drawings scale to their container.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thimble::svg {

// A drawing of this many units fills a card on a phone with text of 11 pixels.
inline constexpr int kWidth = 400;

enum class Unit { number, count, percent, bytes, microseconds, seconds };
std::string format_value(double value, Unit unit);

struct Axis {
  std::string label;
  Unit unit = Unit::number;
  bool log = false;   // falls back to linear when a value is not positive
  bool zero = false;  // begin at 0
};

// Round steps 1, 2, 2.5, 5 · 10^k inside [low, high], about `wanted` of them; whole: no fractions.
std::vector<double> ticks(double low, double high, int wanted, bool whole = false);
// 1-2-5 steps of a logarithmic axis, thinned to about `wanted`.
std::vector<double> log_ticks(double low, double high, int wanted);

struct Series {
  std::string name;
  std::vector<double> x, y;       // NaN in y breaks the line
  std::vector<double> low, high;  // error bars, or empty
  int colour = 0;                 // index into the palette
  bool dashed = false;
  bool faint = false;  // a further seed: thin, not in the legend
};
struct LineChart {
  std::string description;  // for screen readers
  Axis x, y;
  std::vector<Series> series;
  size_t max_points = 200;  // per series; more are thinned out evenly, ends kept
  bool marks = false;       // at every point: few points that were set one by one
  int width = kWidth, height = 280;
};
std::string line_chart(const LineChart& chart);

struct ScatterPoint {
  std::string label;
  double x = 0, y = 0;
  double y_low = 0, y_high = 0;  // error bar when y_high > y_low
  int colour = 0;                // of the mark, and its shape: 48 differ
  std::string tip;
  bool strong = false;  // named first, in bold
};
struct Scatter {
  std::string description;
  Axis x, y;
  std::vector<ScatterPoint> points;
  bool front = true;  // line through the points that no other beats: less x and more y
  bool larger_y_is_better = true;
  bool wide = false;  // across the page, for many points
  int width = kWidth, height = 300;
};
std::string scatter(const Scatter& chart);
// Indices of the points on the front, ascending x.
std::vector<size_t> pareto_front(const std::vector<ScatterPoint>& points, bool larger_y_is_better);

struct Distribution {
  std::string name;
  std::vector<double> samples;
  int colour = 0;
  int64_t total = 0;  // runs that the samples stand for; 0: they are all
};
// One row per distribution: density (mirrored), the samples as dots, box p25–p75, median, p90, p99.
// Samples beyond p99.5, and positive ones beyond four times p90, are at the edge: an arrow with their number.
struct Distributions {
  std::string noun = "runs";  // what a dot is, for the hover text
  std::string description;
  Axis x;
  std::vector<Distribution> rows;
  size_t max_dots = 150;  // per row
  int width = kWidth;
};
std::string distributions(const Distributions& chart);

struct Bar {
  std::string label;
  double value = 0;
  std::string text;  // at its end; empty: the formatted value
  std::string tip;
  int colour = 0;
  double ghost = 0;          // a pale bar behind (e.g. the size before)
  double low = 0, high = 0;  // a 95 % interval when high > low
};
struct Bars {
  std::string description;
  double from = 0;  // where bars begin: differences of large numbers show from there
  Unit unit = Unit::number;
  std::vector<Bar> bars;
  int width = kWidth;
};
std::string bars(const Bars& chart);

struct Matrix {
  std::string description;
  std::vector<std::string> labels;
  std::vector<std::vector<int64_t>> counts;  // square
  std::string row_title = "true class", column_title = "predicted class";
};
// Shaded by the share of the row; numbers in the cells up to 20 classes. Matrices of more than
// `max_classes` are summed into blocks of classes.
std::string matrix(const Matrix& chart, size_t max_classes = 40);

struct PlanBlock {
  std::string name;
  int64_t offset = 0, size = 0;
  int64_t first = 0, last = 0;  // steps, inclusive
};
struct Plan {
  std::string description;
  std::vector<PlanBlock> blocks;
  int width = 980, height = 320;
};
// Memory address upwards, execution steps to the right; one block per tensor, at most 400.
std::string memory_plan(const Plan& plan);

// Numbers over a plane: z at points (x, y), averaged in cells; equal shades share one path.
struct Field {
  std::string description;
  std::string x_label, y_label;
  std::vector<double> x, y, z;
  double low = 0, high = 0;  // of the shades; equal: the range of z
  bool signed_ = false;      // two colours around 0
  int width = kWidth;
};
std::string field(const Field& chart);

// Many dots, one path: pairs of numbers that ought to be equal.
struct Cloud {
  std::string description;
  Axis x, y;
  std::vector<std::pair<double, double>> points;
  int colour = 0;
  bool diagonal = false;  // both axes over one range, with the line where x is y
  int width = kWidth, height = 320;
};
std::string cloud(const Cloud& chart);

// The mark of a variant, beside its name.
std::string mark_icon(int index);
// A drawing as a file of its own: with its style, on white.
std::string standalone(const std::string& drawing);
// CSS: palette and text of all plots, for light, dark and paper.
std::string svg_style();
inline constexpr int kPaletteSize = 8;

}  // namespace thimble::svg
