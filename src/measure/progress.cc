#include "measure/progress.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "measure/table.h"
#include "measure/units.h"

namespace thimble {

Progress::Progress(std::string label, std::string unit, int width, bool colour)
    : label_(std::move(label)), unit_(std::move(unit)), width_(std::max(width, 20)), colour_(colour) {}

std::string format_remaining(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "?";
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) return format("{} s", whole);
  if (whole < 3600) return format("{}:{:02d}", whole / 60, whole % 60);
  return format("{}:{:02d}:{:02d}", whole / 3600, whole % 3600 / 60, whole % 60);
}

std::string Progress::line(int64_t done, int64_t total, double elapsed, const std::string& extra) {
  const double span = elapsed - last_elapsed_;
  if (done < last_done_ || (last_done_ == 0 && rate_ == 0)) {
    rate_ = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
  } else if (span > 0) {
    const double now = static_cast<double>(done - last_done_) / span;
    rate_ += (now - rate_) * (1 - std::exp(-span / 5.0));  // exponential memory of 5 s
  }
  last_done_ = done;
  last_elapsed_ = elapsed;

  std::string counts = format_count(done);
  if (total > 0) counts += format("/{}", format_count(total));
  if (!unit_.empty()) counts += format(" {}", unit_);
  std::string tail = counts;
  if (rate_ > 0) tail += format("  {}/s", format_quantity(rate_));
  if (total > 0 && rate_ > 0) {
    const double left = static_cast<double>(std::max<int64_t>(total - done, 0)) / rate_;
    tail += done >= total ? format("  in {}", format_remaining(elapsed)) : format("  {} left", format_remaining(left));
  }
  if (!extra.empty()) tail += format("  {}", extra);

  const double part = total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 0;
  const std::string percent = total > 0 ? format("{:3.0f} %", std::floor(part * 100)) : "";
  // The bar takes what is left of the line, between 0 and 30 columns.
  const int used = display_width(label_) + display_width(tail) + display_width(percent) + 4;
  const int bar = total > 0 ? std::clamp(width_ - used, 0, 30) : 0;
  std::string text = label_;
  if (bar >= 5) {
    const int full = static_cast<int>(part * bar);
    text += " ";
    if (colour_) text += "\x1b[36m";
    for (int i = 0; i < full; ++i) text += "━";
    if (colour_) text += "\x1b[0m\x1b[2m";
    for (int i = full; i < bar; ++i) text += "─";
    if (colour_) text += "\x1b[0m";
  }
  if (!percent.empty()) text += format(" {}", percent);
  const int room =
      width_ - (display_width(label_) + (bar >= 5 ? bar + 1 : 0) + (percent.empty() ? 0 : 1 + display_width(percent))) -
      2;
  if (display_width(tail) > room) {  // cut at code points
    std::string cut;
    for (size_t i = 0; i < tail.size();) {
      size_t next = i + 1;
      while (next < tail.size() && (static_cast<unsigned char>(tail[next]) & 0xc0u) == 0x80u) ++next;
      if (display_width(cut + tail.substr(i, next - i)) > room) break;
      cut += tail.substr(i, next - i);
      i = next;
    }
    tail = cut;
  }
  return tail.empty() ? text : format("{}  {}", text, tail);
}

bool Progress::due(int64_t done, int64_t total, double elapsed, double per_second) {
  if ((total > 0 && done >= total) || elapsed - last_drawn_ >= 1.0 / std::max(per_second, 1e-3)) {
    last_drawn_ = elapsed;
    return true;
  }
  return false;
}

}  // namespace thimble
