// Line charts and scatter plots.
#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "report/plots/svg_parts.h"

namespace thimble::svg {

namespace {
// Even indices 0 … n-1, at most `limit` of them, both ends kept.
std::vector<size_t> thin(size_t n, size_t limit) {
  std::vector<size_t> out;
  limit = std::max<size_t>(limit, 2);
  if (n <= limit) {
    for (size_t i = 0; i < n; ++i) out.push_back(i);
  } else {
    for (size_t i = 0; i < limit; ++i) out.push_back(i * (n - 1) / (limit - 1));
  }
  return out;
}

// Transparent strips that carry the values of all series at one x.
void hover_strips(std::string& out, const LineChart& chart, const Rect& plot, const Scale& x) {
  const Series* longest = nullptr;
  for (const Series& s : chart.series)
    if (!s.faint && (!longest || s.x.size() > longest->x.size())) longest = &s;
  if (!longest) return;
  const std::vector<size_t> indices =
      thin(std::min(longest->x.size(), longest->y.size()), std::min<size_t>(chart.max_points, 100));
  for (size_t k = 0; k < indices.size(); ++k) {
    const double value = longest->x[indices[k]];
    const double at = x(value);
    const double left = k ? (at + x(longest->x[indices[k - 1]])) / 2 : plot.left;
    const double right = k + 1 < indices.size() ? (at + x(longest->x[indices[k + 1]])) / 2 : plot.right;
    std::string said = format("{} {}", chart.x.label, format_value(value, chart.x.unit));
    for (const Series& s : chart.series) {
      if (s.faint) continue;
      const auto found = std::find(s.x.begin(), s.x.end(), value);
      const auto i = static_cast<size_t>(found - s.x.begin());
      if (found == s.x.end() || i >= s.y.size() || !std::isfinite(s.y[i])) continue;
      said += format("\n{}: {}", fit_text(s.name, 200), format_value(s.y[i], chart.y.unit));
    }
    out += format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"hit\"{}/>", num(left), num(plot.top),
                  num(std::max(0.0, right - left)), num(plot.height()), tip(said));
  }
}
}  // namespace

std::string line_chart(const LineChart& chart) {
  Span xs, ys;
  std::vector<LegendEntry> entries;
  for (const Series& s : chart.series) {
    for (double v : s.x) xs.add(v);
    for (double v : s.y) ys.add(v);
    if (!s.faint && !s.name.empty()) entries.push_back({s.name, s.colour, s.dashed});
  }
  if (!xs.any || !ys.any) return {};

  std::string out;
  std::string body;
  const double width = chart.width;
  const double used = legend(body, entries, 4, width - 4);
  const Rect plot{52, used + 30, width - 16, used + 30 + chart.height - 90.0};
  open(out, width, plot.bottom + 46, chart.description);
  out += body;
  const Scale x(chart.x, xs.low, xs.high, 7, plot.left, plot.right);
  const Scale y(chart.y, ys.low, ys.high, 5, plot.bottom, plot.top);
  axes(out, plot, x, y);
  for (const bool faint : {true, false})  // the first seed on top
    for (const Series& s : chart.series) {
      if (s.faint != faint) continue;
      std::string path;
      bool pen = false;
      int drawn = 0;
      for (size_t i : thin(std::min(s.x.size(), s.y.size()), chart.max_points)) {
        if (!std::isfinite(s.x[i]) || !std::isfinite(s.y[i])) {
          pen = false;
          continue;
        }
        path += format("{}{} {}", pen ? 'L' : 'M', num(x(s.x[i])), num(y(s.y[i])));
        pen = true;
        ++drawn;
      }
      if (drawn == 1) path += "h0";  // a single epoch shows as a dot
      if (drawn)
        out += format("<path d=\"{}\" class=\"ln c{}{}{}\"{}/>", path, palette(s.colour), s.dashed ? " da" : "",
                      faint ? " fa" : "", drawn == 1 ? " stroke-width=\"6\"" : "");
    }
  hover_strips(out, chart, plot, x);
  close(out);
  return out;
}

std::vector<size_t> pareto_front(const std::vector<ScatterPoint>& points, bool larger_y_is_better) {
  std::vector<size_t> order;
  for (size_t i = 0; i < points.size(); ++i)
    if (std::isfinite(points[i].x) && std::isfinite(points[i].y)) order.push_back(i);
  const double sign = larger_y_is_better ? 1 : -1;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (points[a].x != points[b].x) return points[a].x < points[b].x;
    if (points[a].y != points[b].y) return sign * points[a].y > sign * points[b].y;
    return a < b;
  });
  std::vector<size_t> front;
  for (size_t i : order)
    if (front.empty() || sign * points[i].y > sign * points[front.back()].y) front.push_back(i);
  return front;
}

namespace {
// Marker shapes differ as well as colours, for readers who do not tell colours apart.
std::string marker(double x, double y, int colour, const std::string& said) {
  const char* shape = "";
  switch (palette(colour) % 4) {
    case 0: shape = "m-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0 -11 0z"; break;
    case 1: shape = "m-5 -5h10v10h-10z"; break;
    case 2: shape = "m0 -6.6l6.6 6.6l-6.6 6.6l-6.6 -6.6z"; break;
    default: shape = "m0 -6.5l6.3 11h-12.6z"; break;
  }
  return format("<path d=\"M{} {}{}\" class=\"f{} bx\"{}/>", num(x), num(y), shape, palette(colour), tip(said));
}

// Places labels one after the other where they touch nothing that is already there.
class LabelPlacer {
 public:
  LabelPlacer(const Rect& area, std::vector<Rect> taken) : area_(area), taken_(std::move(taken)) {}
  void place(std::string& out, double x, double y, const std::string& label) {
    const double w = text_width(label), h = 13;
    for (double distance : {0.0, 14.0, 28.0, 42.0, 58.0, 76.0}) {
      const double d = 9 + distance;
      const Rect candidates[] = {{x + 9, y - 7 - distance, x + 9 + w, y + 6 - distance},
                                 {x - 9 - w, y - 7 - distance, x - 9, y + 6 - distance},
                                 {x + 9, y - 7 + distance, x + 9 + w, y + 6 + distance},
                                 {x - 9 - w, y - 7 + distance, x - 9, y + 6 + distance},
                                 {x - w / 2, y - d - h, x + w / 2, y - d},
                                 {x - w / 2, y + d, x + w / 2, y + d + h}};
      for (const Rect& r : candidates) {
        if (r.left < area_.left || r.right > area_.right || r.top < area_.top || r.bottom > area_.bottom) continue;
        if (std::any_of(taken_.begin(), taken_.end(), [&](const Rect& t) { return t.overlaps(r); })) continue;
        if (distance > 0) line(out, x, y, std::clamp(x, r.left, r.right), y < r.top ? r.top : r.bottom, "ax");
        const bool left_of = r.right<x, right_of = r.left> x;
        text(out,
             left_of    ? r.right
             : right_of ? r.left
                        : (r.left + r.right) / 2,
             r.bottom - 3, "lb st",
             left_of    ? "ae"
             : right_of ? ""
                        : "am",
             label);
        taken_.push_back(r);
        return;
      }
    }  // no room at all: the tooltip still names the point
  }

 private:
  Rect area_;
  std::vector<Rect> taken_;
};
}  // namespace

std::string scatter(const Scatter& chart) {
  Span xs, ys;
  for (const ScatterPoint& p : chart.points) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
    xs.add(p.x);
    ys.add(p.y);
    if (p.y_high > p.y_low) {
      ys.add(p.y_low);
      ys.add(p.y_high);
    }
  }
  if (!xs.any || !ys.any) return {};
  std::string out;
  const Rect plot{52, 30, chart.width - 16.0, chart.height - 46.0};
  open(out, chart.width, chart.height, chart.description);
  // Room for the names of the rightmost points.
  const double room = (xs.high - (chart.x.zero ? std::min(0.0, xs.low) : xs.low)) * 0.08;
  const Scale x(chart.x, xs.low, xs.high + room, 6, plot.left + 6, plot.right - 6);
  const Scale y(chart.y, ys.low, ys.high, 5, plot.bottom - 4, plot.top);
  axes(out, plot, x, y);

  if (chart.front) {
    std::string path;
    const std::vector<size_t> front = pareto_front(chart.points, chart.larger_y_is_better);
    for (size_t k = 0; k < front.size(); ++k) {  // stairs: between two points the earlier one is the best to have
      const ScatterPoint& p = chart.points[front[k]];
      path += k ? format("H{}V{}", num(x(p.x)), num(y(p.y))) : format("M{} {}", num(x(p.x)), num(y(p.y)));
    }
    if (front.size() > 1) out += format("<path d=\"{}\" class=\"fr\"/>", path);
  }
  std::vector<Rect> taken;
  for (const ScatterPoint& p : chart.points) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
    const double px = x(p.x), py = y(p.y);
    taken.push_back({px - 7, py - 7, px + 7, py + 7});
    if (p.y_high > p.y_low) {
      out += format("<path d=\"M{0} {1}V{2}M{3} {1}h8M{3} {2}h8\" class=\"eb c{4}\"/>", num(px), num(y(p.y_low)),
                    num(y(p.y_high)), num(px - 4), palette(p.colour));
      taken.push_back({px - 3, y(p.y_high), px + 3, y(p.y_low)});
    }
  }
  LabelPlacer placer({plot.left, plot.top - 8, plot.right + 12, plot.bottom}, std::move(taken));
  std::string labels;
  for (const ScatterPoint& p : chart.points) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
    out += marker(x(p.x), y(p.y), p.colour, p.tip.empty() ? p.label : p.tip);
    placer.place(labels, x(p.x), y(p.y), fit_text(p.label, 130));
  }
  out += labels;
  close(out);
  return out;
}

}  // namespace thimble::svg
