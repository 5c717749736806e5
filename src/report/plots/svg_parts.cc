#include "report/plots/svg_parts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/format.h"
#include "measure/text.h"
#include "measure/units.h"

namespace thimble::svg {

std::string num(double v) {
  if (!std::isfinite(v)) return "0";
  std::string s = format("{:.1f}", std::clamp(v, -1e6, 1e6));
  if (s.ends_with(".0")) s.resize(s.size() - 2);
  return s == "-0" ? "0" : s;
}

double text_width(std::string_view text) {
  double width = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint p = decode_utf8(text, at);
    const char32_t c = p.code;
    if (c == 'i' || c == 'l' || c == 'j' || c == '.' || c == ',' || c == ':' || c == '|' || c == '\'')
      width += 3.2;
    else if (c == ' ' || c == 't' || c == 'f' || c == 'r' || c == '(' || c == ')' || c == '-')
      width += 4.2;
    else if (c == 'm' || c == 'w' || c == 'M' || c == 'W' || c == '%')
      width += 10;
    else if (c >= 0x1100)
      width += 12;
    else if (c >= 'A' && c <= 'Z')
      width += 8;
    else
      width += 6.7;
    at += p.bytes;
  }
  return width * 1.2;  // the widest of the common system fonts (DejaVu, Verdana)
}

std::string fit_text(std::string_view text, double pixels) {
  if (text.size() < 4096 && text_width(text) <= pixels) return valid_utf8(text);
  for (size_t limit = static_cast<size_t>(std::max(1.0, pixels / 3.2)); limit > 1; --limit) {
    std::string cut = clip_text(text, limit);
    if (text_width(cut) <= pixels) return cut;
  }
  return "…";
}

std::string format_value(double value, Unit unit) {
  switch (unit) {
    case Unit::percent: return format_percent(value);
    case Unit::bytes: return format_bytes(value);
    case Unit::microseconds: return format_microseconds(value);
    case Unit::seconds: return format_seconds(value);
    case Unit::count: return std::fabs(value) < 1e15 ? format_count(std::llround(value)) : format_number(value);
    case Unit::number: break;
  }
  return format_number(value);
}

void Span::add(double v) {
  if (!std::isfinite(v)) return;
  low = any ? std::min(low, v) : v;
  high = any ? std::max(high, v) : v;
  any = true;
}

namespace {
double nice_step(double raw, bool whole = false) {
  if (whole && raw <= 1) return 1;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  const double part = raw / power;
  const double step = part <= 1.0001                             ? 1
                      : part <= 2.0001                           ? 2
                      : part <= 2.5001 && !(whole && power < 10) ? 2.5
                      : part <= 5.0001                           ? 5
                                                                 : 10;
  return step * power;
}
}  // namespace

std::vector<double> ticks(double low, double high, int wanted, bool whole) {
  std::vector<double> out;
  if (!std::isfinite(low) || !std::isfinite(high) || !(high > low) || wanted < 1) return out;
  const double step = nice_step((high - low) / wanted, whole);
  if (!(step > 0) || !std::isfinite(step)) return out;
  const double first = std::ceil(low / step - 1e-9);
  for (int i = 0; i <= 4 * wanted; ++i) {
    const double v = (first + i) * step;
    if (v > high + step * 1e-9) break;
    out.push_back(std::fabs(v) < step * 1e-9 ? 0 : v);
  }
  return out;
}

std::vector<double> log_ticks(double low, double high, int wanted) {
  std::vector<double> out;
  if (!(low > 0) || !(high >= low) || !std::isfinite(high)) return out;
  const double decades = std::log10(high / low);
  const int first = static_cast<int>(std::floor(std::log10(low))), last = static_cast<int>(std::ceil(std::log10(high)));
  const bool fine = decades * 3 <= wanted + 1;
  const int stride = std::max(1, static_cast<int>(std::ceil(decades / std::max(wanted, 1))));
  for (int e = first; e <= last; e += fine ? 1 : stride)
    for (double m : fine ? std::vector<double>{1, 2, 5} : std::vector<double>{1}) {
      const double v = m * std::pow(10, e);
      if (v >= low * (1 - 1e-9) && v <= high * (1 + 1e-9)) out.push_back(v);
    }
  return out;
}

Scale::Scale(const Axis& axis, double low, double high, int wanted, double from, double to)
    : axis_(axis), low_(low), high_(high), from_(from), to_(to), log_(axis.log && low > 0 && high > 0) {
  if (!log_) {
    if (axis.zero) low_ = std::min(low_, 0.0), high_ = std::max(high_, 0.0);
    const bool whole = axis.unit == Unit::count;
    if (!(high_ > low_)) {  // one value: room on both sides
      const double pad = low_ == 0 || whole ? 1 : std::fabs(low_) * 0.05;
      low_ -= axis.zero && low_ == 0 ? 0 : pad;
      high_ += pad;
    }
    const double step = nice_step((high_ - low_) / wanted, whole);
    low_ = std::floor(low_ / step + 1e-9) * step;
    high_ = std::ceil(high_ / step - 1e-9) * step;
    if (axis.unit == Unit::percent && high <= 1) high_ = std::min(high_, 1.0);
    ticks_ = ticks(low_, high_, wanted, whole);
  } else {
    low_ = low / 1.15;
    high_ = high * 1.15;
    ticks_ = log_ticks(low_, high_, wanted);
    if (ticks_.size() < 2) {  // less than a 1-2-5 step: linear ticks on the logarithmic axis
      ticks_ = ticks(low_, high_, wanted);
      while (!ticks_.empty() && !(ticks_.front() > 0)) ticks_.erase(ticks_.begin());
    }
  }
  const double top = std::max(std::fabs(low_), std::fabs(high_));
  switch (axis.unit) {
    case Unit::percent: divisor_ = 0.01, suffix_ = "%"; break;
    case Unit::bytes:
      divisor_ = top < 2e3 ? 1 : top < 2e6 ? 1e3 : 1e6;
      suffix_ = top < 2e3 ? "bytes" : top < 2e6 ? "KB" : "MB";
      break;
    case Unit::microseconds:
      divisor_ = top < 2e3 ? 1 : top < 2e6 ? 1e3 : 1e6;
      suffix_ = top < 2e3 ? "µs" : top < 2e6 ? "ms" : "s";
      break;
    case Unit::seconds: suffix_ = "s"; break;
    case Unit::number:
      if (log_ || !(top > 0)) break;
      if (top >= 1e5 && top < 1e15) {
        const int k = top < 1e6 ? 0 : top < 1e9 ? 1 : top < 1e12 ? 2 : 3;
        divisor_ = std::array{1e3, 1e6, 1e9, 1e12}[static_cast<size_t>(k)];
        suffix_ = std::array{"thousand", "million", "billion", "trillion"}[static_cast<size_t>(k)];
      } else if (top < 1e-2 || top >= 1e15) {
        const double power = 3 * std::floor(std::log10(top) / 3);
        divisor_ = std::pow(10, power);
        suffix_ = format("1e{:.0f}", power);
      }
      break;
    case Unit::count: break;
  }
  if (ticks_.size() >= 2) {
    double step = ticks_[1] - ticks_[0];
    if (log_) step = ticks_[0];
    step /= divisor_;
    while (decimals_ < 9 &&
           std::fabs(step * std::pow(10, decimals_) - std::round(step * std::pow(10, decimals_))) > 1e-6)
      ++decimals_;
  }
}

double Scale::operator()(double value) const {
  const double part =
      log_ ? std::log(std::max(value, 1e-300) / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
  return from_ + (to_ - from_) * std::clamp(part, -0.05, 1.05);
}

std::string Scale::tick_text(double tick) const {
  const double v = tick / divisor_;
  if (log_) return std::fabs(v) >= 1e3 && std::fabs(v) < 1e15 ? format_count(std::llround(v)) : format_number(v, 3);
  if (decimals_ == 0 && std::fabs(v) < 1e15 && std::fabs(v) >= 1e4) return format_count(std::llround(v));
  return format("{:.{}f}", v, decimals_);
}

std::string Scale::title() const {
  return suffix_.empty() || axis_.label.empty() ? axis_.label : format("{} ({})", axis_.label, suffix_);
}

void open(std::string& out, double width, double height, const std::string& description, const char* extra_class) {
  out += format("<svg class=\"plot {}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", extra_class, num(width),
                num(height), escape_html(description));
}
void close(std::string& out) { out += "</svg>\n"; }

void text(std::string& out, double x, double y, std::string_view css, std::string_view anchor, std::string_view raw) {
  out += format("<text x=\"{}\" y=\"{}\" class=\"{}{}{}\">{}</text>", num(x), num(y), css, anchor.empty() ? "" : " ",
                anchor, escape_html(raw));
}

void line(std::string& out, double x1, double y1, double x2, double y2, std::string_view css) {
  out += format("<path d=\"M{} {}L{} {}\" class=\"{}\"/>", num(x1), num(y1), num(x2), num(y2), css);
}

void x_axis(std::string& out, const Rect& plot, const Scale& x, bool grid) {
  double free_from = -1e9;
  for (double t : x.tick_values()) {
    const double at = x(t);
    const std::string label = x.tick_text(t);
    line(out, at, grid ? plot.top : plot.bottom, at, plot.bottom + 4, "gr");
    const double half = text_width(label) / 2;
    // Whole inside the drawing: every plot leaves at least 12 units at its right.
    const double middle = std::max(half + 1, std::min(at, plot.right + 12 - half));
    if (middle - half < free_from) continue;
    text(out, middle, plot.bottom + 17, "tk", "am", label);
    free_from = middle + half + 8;
  }
  line(out, plot.left, plot.bottom, plot.right, plot.bottom, "ax");
  if (!x.title().empty()) text(out, plot.right, plot.bottom + 35, "al", "ae", x.title());
}

double tick_room(const Scale& y) {
  double widest = 0;
  for (double t : y.tick_values()) widest = std::max(widest, text_width(y.tick_text(t)));
  return std::max(30.0, widest + 12);
}

void axes(std::string& out, const Rect& plot, const Scale& x, const Scale& y) {
  for (double t : y.tick_values()) {
    line(out, plot.left, y(t), plot.right, y(t), "gr");
    text(out, plot.left - 7, y(t) + 4, "tk", "ae", y.tick_text(t));
  }
  x_axis(out, plot, x, false);
  if (!y.title().empty()) text(out, 4, plot.top - 10, "al", "", y.title());
}

double legend(std::string& out, const std::vector<LegendEntry>& entries, double left, double right) {
  if (entries.empty()) return 0;
  double x = left, y = 14;
  for (const LegendEntry& e : entries) {
    const std::string name = fit_text(e.name, right - left - 30);
    const double width = 26 + text_width(name) + 14;
    if (x > left && x + width > right) x = left, y += 19;
    out += format("<path d=\"M{} {}h20\" class=\"ln c{}{}\"/>", num(x), num(y - 4), palette(e.colour),
                  e.dashed ? " da" : "");
    text(out, x + 26, y, "lb", "", name);
    x += width;
  }
  return y + 6;
}

std::string mark(double x, double y, int index, double size) {
  // A shape that goes round at another pace than the eight colours: 48 marks differ.
  const int i = std::max(index, 0);
  const double r = size;
  std::string shape;
  switch ((i % kPaletteSize + i / kPaletteSize) % 6) {
    case 0:
      shape = format("m{0} 0a{1} {1} 0 1 0 {2} 0a{1} {1} 0 1 0 {3} 0z", num(-r), num(r), num(2 * r), num(-2 * r));
      break;
    case 1: shape = format("m{0} {0}h{1}v{1}h{2}z", num(-0.9 * r), num(1.8 * r), num(-1.8 * r)); break;
    case 2: shape = format("m0 {0}l{1} {1}l{0} {1}l{0} {0}z", num(-1.2 * r), num(1.2 * r)); break;
    case 3: shape = format("m0 {}l{} {}h{}z", num(-1.2 * r), num(1.15 * r), num(2 * r), num(-2.3 * r)); break;
    case 4: shape = format("m0 {}l{} {}h{}z", num(1.2 * r), num(1.15 * r), num(-2 * r), num(-2.3 * r)); break;
    default:
      shape = format("m{0} {1}h{2}v{3}h{3}v{2}h{4}v{3}h{5}v{4}h{4}v{5}h{3}z", num(-0.45 * r), num(-1.25 * r),
                     num(0.9 * r), num(0.8 * r), num(-0.8 * r), num(-0.9 * r));
      break;
  }
  return format("M{} {}{}", num(x), num(y), shape);
}

std::string mark_icon(int index) {
  return format("<svg class=\"mk\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><path d=\"{}\" class=\"f{}\"/></svg>",
                mark(7, 7, index, 5), palette(index));
}

std::string tip(std::string_view raw) { return format(" data-tip=\"{}\"", escape_html(raw)); }

std::string svg_style() {
  static constexpr const char* kLight =
      "--bg:#f6f6f3;--card:#fff;--ink:#1d2126;--muted:#5a636d;--line:#dfe1dc;--grid:#e9eae6;--accent:#1f6fb4;"
      "--soft:#eef3f8;--on:#fff;--c0:#1f6fb4;--c1:#d2600a;--c2:#0a8a72;--c3:#8750b5;--c4:#9a7b00;--c5:#c23a74;"
      "--c6:#3192ba;--c7:#6b7280;";
  static constexpr const char* kDark =
      "--bg:#131619;--card:#1b1f23;--ink:#e6e9ec;--muted:#9ba5af;--line:#2d3339;--grid:#282e34;--accent:#62aeea;"
      "--soft:#202a34;--on:#101316;--c0:#62aeea;--c1:#f2a04e;--c2:#45c6a8;--c3:#ba98e6;--c4:#d9bb45;--c5:#ef8ab3;"
      "--c6:#86d3ee;--c7:#a5aeb9;";
  std::string css = format(
      ":root{{color-scheme:light;{}}}@media(prefers-color-scheme:dark){{:root:not([data-theme=light])"
      "{{color-scheme:dark;{}}}}}:root[data-theme=dark]{{color-scheme:dark;{}}}"
      "@media print{{:root:root:root{{color-scheme:light;{}}}}}",
      kLight, kDark, kDark, kLight);
  css +=
      ".plot{display:block;width:100%;height:auto;font:12.4px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;"
      "font-variant-numeric:tabular-nums}"
      ".plot text{fill:var(--ink)}.plot .tk,.plot .al{fill:var(--muted)}.plot .sm{font-size:12.4px}"
      ".plot .st{paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}.plot "
      ".on{fill:var(--on)}.plot .lb{font-size:12.4px}.plot .sh{font-weight:700}"
      ".plot .am{text-anchor:middle}.plot .ae{text-anchor:end}"
      ".gr{stroke:var(--grid);fill:none}.ax{stroke:var(--muted);stroke-opacity:.6;fill:none}"
      ".ln{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.da{stroke-dasharray:5 4}"
      ".fa{stroke-width:1.2;opacity:.35}.fr{fill:none;stroke:var(--muted);stroke-dasharray:2 4;stroke-width:1.4}"
      ".dt{stroke-width:3;stroke-linecap:round;stroke-opacity:.4;fill:none}.hit{fill:transparent;stroke:none}"
      ".hit:hover{fill:var(--ink);fill-opacity:.06}.gh{fill:var(--muted);fill-opacity:.18}"
      ".eb{stroke-width:1.4;stroke-opacity:.7}.bx{stroke:var(--card);stroke-width:1.2}.pe{pointer-events:none}";
  css += ".mk{width:13px;height:13px;margin-right:7px;vertical-align:-1.5px;flex:none}";
  for (int i = 0; i < kPaletteSize; ++i) css += format(".c{0}{{stroke:var(--c{0})}}.f{0}{{fill:var(--c{0})}}", i);
  return css;
}

std::string standalone(const std::string& drawing) {
  // Without the rules for dark screens: a file is put on paper and slides.
  const std::string style = svg_style();
  const size_t at = drawing.find(' '), end = drawing.find('>');
  if (at == std::string::npos || end == std::string::npos) return {};
  std::string size;  // in pixels, from the view box
  if (const size_t box = drawing.find("viewBox=\"0 0 "); box < end) {
    double w = 0, h = 0;
    if (std::sscanf(drawing.c_str() + box + 13, "%lf %lf", &w, &h) == 2)
      size = format(" width=\"{}\" height=\"{}\"", num(2 * w), num(2 * h));
  }
  return format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" "
      "data-theme=\"light\"{}{}><style>{}.plot{{background:#fff}}</style>{}\n",
      size, drawing.substr(at, end - at), style, drawing.substr(end + 1));
}

}  // namespace thimble::svg
