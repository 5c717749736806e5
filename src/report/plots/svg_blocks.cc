// Bars, matrices and memory plans: drawings made of rectangles.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/format.h"
#include "measure/text.h"
#include "measure/units.h"
#include "report/plots/svg_parts.h"

namespace thimble::svg {

std::string bars(const Bars& chart) {
  if (chart.bars.empty()) return {};
  double top = 0, widest = 0;
  for (const Bar& bar : chart.bars) {
    if (std::isfinite(bar.value)) top = std::max(top, bar.value);
    if (std::isfinite(bar.high)) top = std::max(top, bar.high);
    if (std::isfinite(bar.ghost)) top = std::max(top, bar.ghost);
    widest = std::max(widest, text_width(bar.text.empty() ? format_value(bar.value, chart.unit) : bar.text));
  }
  double labels = 40;
  for (const Bar& bar : chart.bars) labels = std::max(labels, text_width(bar.label) + 10);
  const double right = chart.width - widest - 12, row = 22;
  // Names may take more than half where bars keep enough room.
  const double left = std::min(labels, std::max(0.4 * chart.width, std::min(0.58 * chart.width, right - 90)));
  const double height = row * static_cast<double>(chart.bars.size()) + 6;
  std::string out;
  open(out, chart.width, height, chart.description);
  double y = 3;
  for (const Bar& bar : chart.bars) {
    const auto length = [&](double v) {
      return top > chart.from && v > chart.from ? std::max(1.0, (right - left) * (v - chart.from) / (top - chart.from))
                                                : 0.0;
    };
    const std::string value = bar.text.empty() ? format_value(bar.value, chart.unit) : bar.text;
    out += format("<g{}>", tip(bar.tip.empty() ? format("{}\n{}", bar.label, value) : bar.tip));
    out += format("<rect x=\"0\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"hit\"/>", num(y), chart.width, num(row));
    text(out, left - 8, y + 15, "lb", "ae", fit_text(bar.label, left - 9.5));
    if (bar.ghost > 0)
      out += format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"14\" rx=\"2\" class=\"gh\"/>", num(left), num(y + 4),
                    num(length(bar.ghost)));
    out += format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"14\" rx=\"2\" class=\"f{}\" fill-opacity=\".85\"/>",
                  num(left), num(y + 4), num(length(bar.value)), palette(bar.colour));
    if (bar.high > bar.low)
      out += format("<path d=\"M{0} {1}H{2}M{0} {3}v6M{2} {3}v6\" stroke=\"var(--ink)\" stroke-width=\"1.3\"/>",
                    num(left + length(bar.low)), num(y + 11), num(left + length(bar.high)), num(y + 8));
    text(out, left + std::max({length(bar.value), length(bar.ghost), bar.high > bar.low ? length(bar.high) : 0.0}) + 6,
         y + 15, "tk", "", value);
    out += "</g>";
    y += row;
  }
  close(out);
  return out;
}

namespace {
struct Blocks {
  size_t size = 1;  // classes per block
  std::vector<std::string> labels;
  std::vector<std::vector<int64_t>> counts;
};

Blocks blocks_of(const Matrix& chart, size_t max_classes) {
  const size_t n = chart.counts.size();
  Blocks blocks;
  blocks.size = std::max<size_t>(1, (n + max_classes - 1) / std::max<size_t>(max_classes, 1));
  const size_t m = (n + blocks.size - 1) / blocks.size;
  blocks.counts.assign(m, std::vector<int64_t>(m));
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < std::min(n, chart.counts[i].size()); ++j)
      blocks.counts[i / blocks.size][j / blocks.size] += std::max<int64_t>(0, chart.counts[i][j]);
  for (size_t b = 0; b < m; ++b) {
    const size_t first = b * blocks.size, last = std::min(n, first + blocks.size) - 1;
    if (blocks.size > 1)
      blocks.labels.push_back(format("{}–{}", first, last));
    else
      blocks.labels.push_back(first < chart.labels.size() ? chart.labels[first] : std::to_string(first));
  }
  return blocks;
}
}  // namespace

std::string matrix(const Matrix& chart, size_t max_classes) {
  if (chart.counts.empty()) return {};
  const Blocks blocks = blocks_of(chart, max_classes);
  const size_t n = blocks.counts.size();
  const bool numbers = n <= 20;
  double label_width = 12;
  for (const std::string& label : blocks.labels) label_width = std::max(label_width, text_width(label));
  label_width = std::min(label_width, 86.0);
  const double width = kWidth, left = label_width + 26, top = numbers ? label_width * 0.72 + 34 : 34;
  const double cell = (width - left - 8 - (numbers ? label_width * 0.4 : 0)) / static_cast<double>(n);
  const double side = cell * static_cast<double>(n);
  std::string out;
  open(out, width, top + side + 8, chart.description);
  out += format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" class=\"gr\"/>", num(left), num(top),
                num(side), num(side));
  text(out, left + side, 13, "al", "ae", format("{} →", chart.column_title));
  out += format("<text class=\"al am\" transform=\"translate(11 {}) rotate(-90)\">← {}</text>", num(top + side / 2),
                escape_html(chart.row_title));

  // Without numbers, equal shades share one path: 40 × 40 cells stay small.
  std::array<std::array<std::string, 8>, 2> shades;
  std::string texts;
  for (size_t i = 0; i < n; ++i) {
    int64_t total = 0;
    for (int64_t c : blocks.counts[i]) total += c;
    for (size_t j = 0; j < n; ++j) {
      const int64_t count = blocks.counts[i][j];
      if (count == 0 || total == 0) continue;
      const double share = static_cast<double>(count) / static_cast<double>(total);
      const double x = left + cell * static_cast<double>(j), y = top + cell * static_cast<double>(i);
      // Errors are rare: the square root makes one in a hundred visible.
      const double shade = i == j ? 0.15 + 0.75 * share : std::min(0.95, 0.06 + 1.1 * std::sqrt(share));
      if (!numbers) {
        const auto level = static_cast<size_t>(std::clamp(shade * 8, 0.0, 7.0));
        shades[i == j ? 0 : 1][level] += format("M{} {}h{}v{}h-{}z", num(x), num(y), num(cell), num(cell), num(cell));
        continue;
      }
      out += format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"f{}\" fill-opacity=\"{:.2f}\"{}/>",
                    num(x + 0.5), num(y + 0.5), num(cell - 1), num(cell - 1), i == j ? 0 : 1, shade,
                    tip(format("{} → {}\n{} ({})", fit_text(blocks.labels[i], 150), fit_text(blocks.labels[j], 150),
                               format_count(count), format_percent(share, 1))));
      if (cell >= 16) {
        const std::string label = count < 10000 ? std::to_string(count) : format_quantity(static_cast<double>(count));
        if (text_width(label) * 0.88 <= cell - 2)
          text(texts, x + cell / 2, y + cell / 2 + 4, shade > 0.6 ? "sm on pe" : "sm pe", "am", label);
      }
    }
  }
  for (size_t kind = 0; kind < 2; ++kind)
    for (size_t level = 0; level < 8; ++level)
      if (!shades[kind][level].empty())
        out += format("<path d=\"{}\" class=\"f{}\" fill-opacity=\"{:.2f}\"/>", shades[kind][level], kind,
                      (static_cast<double>(level) + 0.5) / 8);
  out += texts;
  // Labels: every row while they fit, else every k-th.
  const size_t every = static_cast<size_t>(std::ceil(13 / cell));
  for (size_t i = 0; i < n; i += every) {
    const double at = (static_cast<double>(i) + 0.5) * cell;
    const std::string label = fit_text(blocks.labels[i], label_width + 1);
    text(out, left - 5, top + at + 4, "tk", "ae", label);
    if (numbers)
      out +=
          format("<text class=\"tk\" transform=\"translate({} {}) rotate(-45)\">", num(left + at + 3), num(top - 6)) +
          escape_html(label) + "</text>";
    else if (i % (2 * every) == 0 || text_width(label) < cell * static_cast<double>(every) - 4)
      text(out, left + at, top - 6, "tk", "am", label);
  }
  close(out);
  return out;
}

std::string memory_plan(const Plan& plan) {
  Span steps;
  int64_t peak = 0;
  std::vector<PlanBlock> blocks;
  for (const PlanBlock& b : plan.blocks)
    if (b.size > 0 && b.offset >= 0 && b.last >= b.first) blocks.push_back(b);
  if (blocks.size() > 400) {  // the largest tell the story
    std::nth_element(blocks.begin(), blocks.begin() + 400, blocks.end(),
                     [](const auto& a, const auto& b) { return a.size > b.size; });
    blocks.resize(400);
  }
  for (const PlanBlock& b : blocks) {
    steps.add(static_cast<double>(b.first));
    steps.add(static_cast<double>(b.last) + 1);
    peak = std::max(peak, b.offset + b.size);
  }
  if (!steps.any) return {};
  std::string out;
  const Rect plot{58, 30, plan.width - 12.0, plan.height - 46.0};
  open(out, plan.width, plan.height, plan.description, "wide");
  const Scale y(Axis{"address in the arena", Unit::bytes, false, true}, 0, static_cast<double>(peak), 5, plot.bottom,
                plot.top);
  for (double t : y.tick_values()) {
    line(out, plot.left, y(t), plot.right, y(t), "gr");
    text(out, plot.left - 7, y(t) + 4, "tk", "ae", y.tick_text(t));
  }
  text(out, 4, plot.top - 12, "al", "", y.title());
  const double span = steps.high - steps.low;
  const auto x = [&](double step) { return plot.left + (step - steps.low) / span * plot.width(); };
  for (size_t i = 0; i < blocks.size(); ++i) {
    const PlanBlock& b = blocks[i];
    const double left = x(static_cast<double>(b.first)), right = x(static_cast<double>(b.last) + 1);
    const double high = y(static_cast<double>(b.offset + b.size)), low = y(static_cast<double>(b.offset));
    out +=
        format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"2\" class=\"f{} bx\" fill-opacity=\".55\"{}/>",
               num(left), num(high), num(std::max(1.0, right - left)), num(std::max(1.0, low - high)),
               static_cast<int>(i % kPaletteSize),
               tip(format("{}\n{} at {}\nsteps {} to {}", fit_text(b.name, 240),
                          format_bytes(static_cast<double>(b.size)), format_count(b.offset), b.first, b.last)));
    if (low - high >= 15 && right - left >= 44)
      text(out, (left + right) / 2, (low + high) / 2 + 4, "sm pe", "am", fit_text(b.name, right - left - 8));
  }
  const double whole = std::max(1.0, std::ceil(span / 16));
  for (double s = steps.low; s < steps.high; s += whole) {
    const double next = std::min(steps.high, s + 1);
    text(out, (x(s) + x(next)) / 2, plot.bottom + 17, "tk", "am", format("{:.0f}", s));
  }
  line(out, plot.left, plot.bottom, plot.right, plot.bottom, "ax");
  line(out, plot.left, y(static_cast<double>(peak)), plot.right, y(static_cast<double>(peak)), "fr");
  text(out, plot.right, y(static_cast<double>(peak)) - 6, "tk st", "ae",
       format("peak {}", format_bytes(static_cast<double>(peak))));
  text(out, plot.right, plot.bottom + 35, "al", "ae", "execution step →");
  close(out);
  return out;
}

}  // namespace thimble::svg
