// What the plots share: coordinates, scales, axes, legends. Private to the svg_*.cc files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/plots/svg.h"

namespace thimble::svg {

// A coordinate with at most one decimal.
std::string num(double v);
// About the width of text in 12-pixel sans-serif.
double text_width(std::string_view text);
// Cut with "…" so that it is not wider than `pixels`.
std::string fit_text(std::string_view text, double pixels);

struct Rect {
  double left = 0, top = 0, right = 0, bottom = 0;
  double width() const { return right - left; }
  double height() const { return bottom - top; }
  bool overlaps(const Rect& o) const { return left < o.right && o.left < right && top < o.bottom && o.top < bottom; }
};

// Maps values to coordinates; knows its ticks and how to write them.
class Scale {
 public:
  // low..high is widened to whole ticks. from, to: coordinates of both ends.
  Scale(const Axis& axis, double low, double high, int wanted, double from, double to);
  double operator()(double value) const;
  const std::vector<double>& tick_values() const { return ticks_; }
  std::string tick_text(double tick) const;
  std::string title() const;  // label with unit, "file size (KB)"
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  Axis axis_;
  double low_, high_, from_, to_;
  bool log_;
  std::vector<double> ticks_;
  double divisor_ = 1;  // of tick texts
  int decimals_ = 0;
  std::string suffix_;
};

struct Span {
  double low = 0, high = 0;
  bool any = false;
  void add(double v);
};

void open(std::string& out, double width, double height, const std::string& description, const char* extra_class = "");
void close(std::string& out);
void text(std::string& out, double x, double y, std::string_view css, std::string_view anchor, std::string_view raw);
void line(std::string& out, double x1, double y1, double x2, double y2, std::string_view css);
// What the ticks of a vertical axis need to the left of the plot.
double tick_room(const Scale& y);
// Grid, ticks and titles around `plot`.
void axes(std::string& out, const Rect& plot, const Scale& x, const Scale& y);
void x_axis(std::string& out, const Rect& plot, const Scale& x, bool grid);

struct LegendEntry {
  std::string name;
  int colour = 0;
  bool dashed = false;
};
// Rows of entries from the top; returns the height used.
double legend(std::string& out, const std::vector<LegendEntry>& entries, double left, double right);

inline int palette(int colour) { return ((colour % kPaletteSize) + kPaletteSize) % kPaletteSize; }
// The path of a variant's mark around a point; size: about half its width.
std::string mark(double x, double y, int index, double size = 5.5);
// " data-tip='…'" with the text escaped.
std::string tip(std::string_view raw);

}  // namespace thimble::svg
