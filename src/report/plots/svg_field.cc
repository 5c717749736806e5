// Many numbers at once: shaded cells over a plane, clouds of dots.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/format.h"
#include "measure/units.h"
#include "report/plots/svg_parts.h"

namespace thimble::svg {
namespace {

constexpr int kCells = 24, kShades = 12;

struct Cell {
  double sum = 0;
  int count = 0;
};

}  // namespace

std::string field(const Field& chart) {
  Span xs, ys, zs;
  const size_t n = std::min({chart.x.size(), chart.y.size(), chart.z.size()});
  const auto usable = [&](size_t i) {
    return std::isfinite(chart.x[i]) && std::isfinite(chart.y[i]) && std::isfinite(chart.z[i]);
  };
  for (size_t i = 0; i < n; ++i)
    if (usable(i)) xs.add(chart.x[i]), ys.add(chart.y[i]), zs.add(chart.z[i]);
  if (!xs.any || !(xs.high > xs.low) || !(ys.high > ys.low)) return {};
  // Fewer cells where there are few samples, so that most hold one.
  const int side = std::clamp(static_cast<int>(std::sqrt(static_cast<double>(n) / 2)), 4, kCells);
  std::vector<Cell> cells(static_cast<size_t>(side * side));
  const auto place = [&](double v, const Span& span) {
    return std::min(side - 1, static_cast<int>((v - span.low) / (span.high - span.low) * side));
  };
  for (size_t i = 0; i < n; ++i) {
    if (!usable(i)) continue;
    Cell& cell = cells[static_cast<size_t>(place(chart.y[i], ys) * side + place(chart.x[i], xs))];
    cell.sum += chart.z[i];
    ++cell.count;
  }
  double low = chart.low, high = chart.high;
  if (!(high > low)) low = zs.low, high = zs.high;
  if (chart.signed_) high = std::max(std::fabs(low), std::fabs(high)), low = -high;
  if (!(high > low)) high = low + 1;

  std::string out;
  const double width = chart.width;
  const Scale y(Axis{chart.y_label}, ys.low, ys.high, 4, width - 24, 30);
  const Rect plot{tick_room(y), 30, width - 12, width - 24};
  const Scale x(Axis{chart.x_label}, xs.low, xs.high, 4, plot.left, plot.right);
  open(out, width, plot.bottom + 72, chart.description);
  axes(out, plot, x, y);
  std::array<std::array<std::string, kShades>, 2> shades;
  const double w = (x(xs.high) - x(xs.low)) / side, h = (y(ys.low) - y(ys.high)) / side;
  const auto shade = [&](double z, int* colour) {
    const double part = chart.signed_ ? std::fabs(z) / high : (z - low) / (high - low);
    *colour = chart.signed_ && z < 0 ? 1 : 0;
    return std::clamp(static_cast<int>(part * kShades), 0, kShades - 1);
  };
  for (int r = 0; r < side; ++r)
    for (int c = 0; c < side; ++c) {
      const Cell& cell = cells[static_cast<size_t>(r * side + c)];
      if (cell.count == 0) continue;
      int colour = 0;
      const int level = shade(cell.sum / cell.count, &colour);
      shades[static_cast<size_t>(colour)][static_cast<size_t>(level)] +=
          format("M{} {}h{}v{}h{}z", num(x(xs.low) + w * c), num(y(ys.high) + h * (side - 1 - r)), num(w + 0.3),
                 num(h + 0.3), num(-w - 0.3));
    }
  const auto opacity = [](int level) { return 0.06 + 0.9 * level / (kShades - 1.0); };
  for (size_t colour = 0; colour < 2; ++colour)
    for (int level = 0; level < kShades; ++level)
      if (const std::string& path = shades[colour][static_cast<size_t>(level)]; !path.empty())
        out += format("<path d=\"{}\" class=\"f{}\" fill-opacity=\"{:.2f}\"/>", path, colour, opacity(level));
  // What the shades mean.
  const double top = plot.bottom + 48, step = (plot.width() - 100) / kShades;
  text(out, plot.left, top + 10, "tk", "", format_number(low, 3));
  for (int level = 0; level < kShades; ++level) {
    const double z = low + (high - low) * (level + 0.5) / kShades;
    int colour = 0;
    const int shown = shade(z, &colour);
    out += format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"12\" class=\"f{}\" fill-opacity=\"{:.2f}\"/>",
                  num(plot.left + 50 + step * level), num(top), num(step + 0.3), colour, opacity(shown));
  }
  text(out, plot.right, top + 10, "tk", "ae", format_number(high, 3));
  close(out);
  return out;
}

std::string cloud(const Cloud& chart) {
  Span xs, ys;
  for (const auto& [px, py] : chart.points) {
    if (!std::isfinite(px) || !std::isfinite(py)) continue;
    xs.add(px), ys.add(py);
    if (chart.diagonal) xs.add(py), ys.add(px);
  }
  if (!xs.any) return {};
  const Scale y(chart.y, ys.low, ys.high, 5, chart.height - 46.0, 30);
  const Rect plot{tick_room(y), 30, chart.width - 16.0, chart.height - 46.0};
  const Scale x(chart.x, xs.low, xs.high, 5, plot.left, plot.right);
  std::string out, dots;
  open(out, chart.width, chart.height, chart.description);
  axes(out, plot, x, y);
  if (chart.diagonal) line(out, x(xs.low), y(xs.low), x(xs.high), y(xs.high), "fr");
  for (const auto& [px, py] : chart.points)
    if (std::isfinite(px) && std::isfinite(py)) dots += format("M{} {}h0", num(x(px)), num(y(py)));
  out += format("<path d=\"{}\" class=\"dt c{}\"/>", dots, palette(chart.colour));
  close(out);
  return out;
}

}  // namespace thimble::svg
