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
    for (double v : s.low) ys.add(v);
    for (double v : s.high) ys.add(v);
    if (!s.faint && !s.name.empty()) entries.push_back({s.name, s.colour, s.dashed});
  }
  if (!xs.any || !ys.any) return {};

  std::string out;
  std::string body;
  const double width = chart.width;
  const double used = legend(body, entries, 4, width - 4);
  const double top = used + 30, bottom = used + 30 + chart.height - 90.0;
  const Scale y(chart.y, ys.low, ys.high, 5, bottom, top);
  const Rect plot{tick_room(y), top, width - 16, bottom};
  open(out, width, plot.bottom + 46, chart.description);
  out += body;
  const Scale x(chart.x, xs.low, xs.high, 7, plot.left, plot.right);
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
      for (size_t i = 0; i < std::min({s.x.size(), s.low.size(), s.high.size()}); ++i)
        if (s.high[i] > s.low[i])
          out += format("<path d=\"M{0} {1}V{2}M{3} {1}h6M{3} {2}h6\" class=\"eb c{4}\"/>", num(x(s.x[i])),
                        num(y(s.low[i])), num(y(s.high[i])), num(x(s.x[i]) - 3), palette(s.colour));
      for (size_t i = 0; chart.marks && i < std::min(s.x.size(), s.y.size()); ++i)
        if (std::isfinite(s.x[i]) && std::isfinite(s.y[i]))
          out +=
              format("<path d=\"{}\" class=\"f{} bx\"/>", mark(x(s.x[i]), y(s.y[i]), s.colour, 4), palette(s.colour));
      if (drawn == 1) path += "h0";  // a single epoch shows as a dot
      if (drawn)
        out += format("<path d=\"{}\" class=\"ln c{}{}{}\"{}/>", path, palette(s.colour), s.dashed ? " da" : "",
                      faint ? " fa" : "", drawn == 1 ? " style=\"stroke-width:7px\"" : "");
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
struct Label {
  const ScatterPoint* point;
  std::string text;
  double x, y, width;
};

// Places labels where they touch nothing that is already there; what finds no room stands in a column at the right,
// joined by a line. No point is left without a name.
class LabelPlacer {
 public:
  LabelPlacer(const Rect& area, std::vector<Rect> taken) : area_(area), taken_(std::move(taken)) {}

  // lines: what joins a name and its point, to be drawn below all names.
  bool place(std::string& names, std::string& lines, const Label& l) {
    const double w = l.width, h = 14, x = l.x, y = l.y;
    for (double distance : {0.0, 13.0, 26.0, 39.0, 52.0, 65.0, 78.0}) {
      const double d = 9 + distance;
      const Rect candidates[] = {{x + 9, y - 7 - distance, x + 9 + w, y + 7 - distance},
                                 {x - 9 - w, y - 7 - distance, x - 9, y + 7 - distance},
                                 {x + 9, y - 7 + distance, x + 9 + w, y + 7 + distance},
                                 {x - 9 - w, y - 7 + distance, x - 9, y + 7 + distance},
                                 {x - w / 2, y - d - h, x + w / 2, y - d},
                                 {x - w / 2, y + d, x + w / 2, y + d + h}};
      for (const Rect& r : candidates) {
        if (r.left < area_.left || r.right > area_.right || r.top < area_.top || r.bottom > area_.bottom) continue;
        if (std::any_of(taken_.begin(), taken_.end(), [&](const Rect& t) { return t.overlaps(r); })) continue;
        if (distance > 0) line(lines, x, y, std::clamp(x, r.left, r.right), y < r.top ? r.top : r.bottom, "ax");
        write(names, r.left, r.bottom - 3, l);
        taken_.push_back(r);
        return true;
      }
    }
    return false;
  }

  // The rest, from the top down in the order of their points, as near to them as there is room.
  static void column(std::string& names, std::string& lines, std::vector<Label> rest, double left, double top,
                     double bottom) {
    std::stable_sort(rest.begin(), rest.end(), [](const Label& a, const Label& b) { return a.y < b.y; });
    const double step = 15;
    double next = top;
    for (size_t i = 0; i < rest.size(); ++i) {
      const double last = bottom - step * static_cast<double>(rest.size() - 1 - i);
      const double y = std::max(next, std::min(rest[i].y, last));
      line(lines, rest[i].x, rest[i].y, left - 3, y, "ax");
      write(names, left, y + 4, rest[i]);
      next = y + step;
    }
  }

 private:
  static void write(std::string& out, double left, double baseline, const Label& l) {
    text(out, left, baseline, l.point->strong ? "lb st sh" : "lb st", "", l.text);
  }

  Rect area_;
  std::vector<Rect> taken_;
};

constexpr double kColumn = 150;  // for names without room beside their points
}  // namespace

std::string scatter(const Scatter& chart) {
  Span xs, ys;
  std::vector<const ScatterPoint*> points;
  for (const ScatterPoint& p : chart.points) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
    points.push_back(&p);
    xs.add(p.x);
    ys.add(p.y);
    if (p.y_high > p.y_low) {
      ys.add(p.y_low);
      ys.add(p.y_high);
    }
  }
  if (!xs.any || !ys.any) return {};
  const auto named = std::count_if(points.begin(), points.end(), [](const auto* p) { return !p->label.empty(); });
  // Room for every name that may have to stand in the column.
  const double height = std::max<double>(chart.height, 90 + 15.0 * static_cast<double>(std::max<long>(named - 4, 0)));
  const double bottom = height - 46;
  const Scale y(chart.y, ys.low, ys.high, 5, bottom - 4, 30);
  const auto drawn = [&](bool column, std::string* out) {
    const Rect plot{tick_room(y), 30, chart.width - 16.0 - (column ? kColumn : 0), bottom};
    // Room for the names of the rightmost points.
    const double room = column ? 0 : (xs.high - (chart.x.zero ? std::min(0.0, xs.low) : xs.low)) * 0.08;
    const Scale x(chart.x, xs.low, xs.high + room, column ? 4 : 5, plot.left + 6, plot.right - 6);
    axes(*out, plot, x, y);
    if (chart.front) {
      std::string path;
      const std::vector<size_t> front = pareto_front(chart.points, chart.larger_y_is_better);
      for (size_t k = 0; k < front.size(); ++k) {  // stairs: between two points the earlier one is the best to have
        const ScatterPoint& p = chart.points[front[k]];
        path += k ? format("H{}V{}", num(x(p.x)), num(y(p.y))) : format("M{} {}", num(x(p.x)), num(y(p.y)));
      }
      if (front.size() > 1) *out += format("<path d=\"{}\" class=\"fr\"/>", path);
    }
    std::vector<Rect> taken;
    std::vector<Label> labels;
    std::string marks;
    for (const ScatterPoint* p : points) {
      const double px = x(p->x), py = y(p->y);
      taken.push_back({px - 7, py - 7, px + 7, py + 7});
      if (p->y_high > p->y_low) {
        *out += format("<path d=\"M{0} {1}V{2}M{3} {1}h8M{3} {2}h8\" class=\"eb c{4}\"/>", num(px), num(y(p->y_low)),
                       num(y(p->y_high)), num(px - 4), palette(p->colour));
        taken.push_back({px - 3, y(p->y_high), px + 3, y(p->y_low)});
      }
      marks += format("<path d=\"{}\" class=\"f{} bx\"{}/>", mark(px, py, p->colour), palette(p->colour),
                      tip(p->tip.empty() ? p->label : p->tip));
      if (p->label.empty()) continue;
      const std::string name = fit_text(p->label, kColumn - 4);
      labels.push_back({p, name, px, py, text_width(name) * (p->strong ? 1.08 : 1.0)});
    }
    std::stable_partition(labels.begin(), labels.end(), [](const Label& l) { return l.point->strong; });
    LabelPlacer placer({plot.left, plot.top - 8, plot.right + (column ? 0 : 12), plot.bottom}, std::move(taken));
    std::string names, lines;
    std::vector<Label> rest;
    for (const Label& l : labels)
      if (!placer.place(names, lines, l)) rest.push_back(l);
    if (!rest.empty() && !column) return false;
    LabelPlacer::column(names, lines, std::move(rest), plot.right + 10, plot.top, plot.bottom);
    *out += lines + marks + names;
    return true;
  };
  std::string out, body;
  open(out, chart.width, height, chart.description, chart.wide ? "wide" : "");
  if (!drawn(false, &body)) {
    body.clear();
    drawn(true, &body);
  }
  out += body;
  close(out);
  return out;
}

}  // namespace thimble::svg
