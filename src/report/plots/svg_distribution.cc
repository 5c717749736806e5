// Distributions of samples, one row each: density, samples, quartiles, tail.
#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "measure/stats.h"
#include "report/plots/svg_parts.h"

namespace thimble::svg {

namespace {
constexpr double kRowHeight = 74;

std::vector<double> finite_sorted(const std::vector<double>& samples) {
  std::vector<double> out;
  for (double s : samples)
    if (std::isfinite(s)) out.push_back(s);
  std::sort(out.begin(), out.end());
  return out;
}

// At most `limit` values at even ranks, so that the shape stays.
std::vector<double> thin_sorted(const std::vector<double>& sorted, size_t limit) {
  if (sorted.size() <= limit || limit < 2) return sorted;
  std::vector<double> out;
  for (size_t i = 0; i < limit; ++i) out.push_back(sorted[i * (sorted.size() - 1) / (limit - 1)]);
  return out;
}

// Gaussian kernel density with Silverman's bandwidth, drawn mirrored around `middle`.
std::string density_path(const std::vector<double>& sorted, const Scale& x, double from, double to, double middle,
                         double half) {
  const double iqr = percentile_of_sorted(sorted, 75) - percentile_of_sorted(sorted, 25);
  double spread = stddev_of(sorted);
  if (iqr > 0) spread = std::min(spread, iqr / 1.34);
  const double floor_width = (to - from) / 150;  // so that equal samples still show as a needle
  const double bandwidth = std::max(0.9 * spread * std::pow(static_cast<double>(sorted.size()), -0.2), floor_width);
  const double low = std::max(from, sorted.front() - 3 * bandwidth), high = std::min(to, sorted.back() + 3 * bandwidth);
  constexpr int kPoints = 72;
  std::vector<double> density(kPoints + 1);
  double top = 0;
  for (int i = 0; i <= kPoints; ++i) {
    const double at = low + (high - low) * i / kPoints;
    for (double s : sorted) {
      const double z = (at - s) / bandwidth;
      if (std::fabs(z) < 6) density[static_cast<size_t>(i)] += std::exp(-0.5 * z * z);
    }
    top = std::max(top, density[static_cast<size_t>(i)]);
  }
  if (!(top > 0)) return {};
  std::string upper, lower;
  for (int i = 0; i <= kPoints; ++i) {
    const double px = x(low + (high - low) * i / kPoints), d = density[static_cast<size_t>(i)] / top * half;
    upper += format("{}{} {}", i ? 'L' : 'M', num(px), num(middle - d));
    lower.insert(0, format("L{} {}", num(px), num(middle + d)));
  }
  return upper + lower + "z";
}
}  // namespace

std::string distributions(const Distributions& chart) {
  std::vector<std::vector<double>> all;
  Span range;
  size_t rows = 0;
  for (const Distribution& row : chart.rows) {
    all.push_back(finite_sorted(row.samples));
    if (all.back().empty()) continue;
    ++rows;
    range.add(all.back().front());
    // Where some runs were many times slower than most, an axis up to them would show nothing of the others.
    const double end = percentile_of_sorted(all.back(), 99.5);
    range.add(all.back().front() > 0 ? std::min(end, 4 * percentile_of_sorted(all.back(), 90)) : end);
  }
  if (!range.any) return {};
  const double margin = (range.high - range.low) * 0.03;
  const double height = 6 + kRowHeight * static_cast<double>(rows) + 46;
  const Rect plot{24, 6, chart.width - 24.0, height - 46};
  std::string out;
  open(out, chart.width, height, chart.description);
  const Scale x(chart.x, range.low > margin ? range.low - margin : range.low, range.high + margin, 6, plot.left,
                plot.right);
  x_axis(out, plot, x, true);

  double top = plot.top;
  for (size_t r = 0; r < chart.rows.size(); ++r) {
    const std::vector<double>& sorted = all[r];
    if (sorted.empty()) continue;
    const Distribution& row = chart.rows[r];
    const int colour = palette(row.colour);
    const double middle = top + 44;
    const auto at = [&](double p) { return percentile_of_sorted(sorted, p); };
    const std::string facts =
        format("median {} · p99 {}", format_value(at(50), chart.x.unit), format_value(at(99), chart.x.unit));
    text(out, plot.left, top + 13, "lb st", "", fit_text(row.name, plot.width() - text_width(facts) - 16));
    text(out, plot.right, top + 13, "tk sm", "ae", facts);

    const std::vector<double> some = thin_sorted(sorted, 1500);
    const std::string said = format("{}\n{} {}\nmin {}\nmedian {}\np90 {}\np99 {}\nmax {}", fit_text(row.name, 200),
                                    row.total > 0 ? row.total : static_cast<int64_t>(sorted.size()), chart.noun,
                                    format_value(sorted.front(), chart.x.unit), format_value(at(50), chart.x.unit),
                                    format_value(at(90), chart.x.unit), format_value(at(99), chart.x.unit),
                                    format_value(sorted.back(), chart.x.unit));
    if (some.size() >= 5)
      out += format("<path d=\"{}\" class=\"f{}\" fill-opacity=\".22\"{}/>",
                    density_path(some, x, x.low(), x.high(), middle, 17), colour, tip(said));
    std::string dots;
    size_t beyond = 0, k = 0;
    for (double s : sorted) beyond += s > x.high();
    const auto total = static_cast<size_t>(row.total > 0 ? row.total : static_cast<int64_t>(sorted.size()));
    if (beyond) beyond = std::max<size_t>(1, beyond * total / sorted.size());
    for (double s : thin_sorted(sorted, chart.max_dots)) {
      if (s > x.high()) continue;
      // A fixed low-discrepancy jitter keeps the drawing the same from run to run.
      const double jitter = std::fmod(static_cast<double>(++k) * 0.61803398875, 1.0) - 0.5;
      dots += format("M{} {}h0", num(x(s)), num(middle + jitter * 16));
    }
    out += format("<path d=\"{}\" class=\"dt c{}\"/>", dots, colour);
    out += format("<path d=\"M{} {}H{}\" class=\"c{}\" stroke-width=\"5\" stroke-opacity=\".75\"/>", num(x(at(25))),
                  num(middle), num(std::max(x(at(75)), x(at(25)) + 1)), colour);
    std::string ticks = format("M{} {}v18", num(x(at(50))), num(middle - 9));
    for (const double p : {90.0, 99.0})
      if (at(p) <= x.high()) ticks += format("M{} {}v10", num(x(at(p))), num(middle - 5));
    out += format("<path d=\"{}\" stroke=\"var(--ink)\" stroke-width=\"1.6\" fill=\"none\"/>", ticks);
    if (beyond)
      text(out, plot.right, top + 27, "tk sm", "ae",
           format("{} beyond, up to {} ▸", beyond, format_value(sorted.back(), chart.x.unit)));
    top += kRowHeight;
  }
  close(out);
  return out;
}

}  // namespace thimble::svg
