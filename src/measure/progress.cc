#include "measure/progress.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/format.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"

namespace thimble {
namespace {

constexpr double kLeastSpan = 0.5;       // seconds that a rate rests on
constexpr double kBetweenMoments = 0.1;  // seconds between what is remembered
constexpr int kLeastBar = 8, kMostBar = 30;

// The first `limit` columns, cut at code points.
std::string first_columns(const std::string& text, int limit) {
  if (display_width(text) <= limit) return text;
  std::string cut;
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = decode_utf8(text, at).bytes;
    if (display_width(cut + text.substr(at, bytes)) > limit) break;
    cut += text.substr(at, bytes);
    at += bytes;
  }
  return cut;
}

// "epoch 1/3  loss 0.3" in its parts.
std::vector<std::string> parts_of(const std::string& extra) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < extra.size();) {
    const size_t end = std::min(extra.find("  ", at), extra.size());
    if (end > at) parts.push_back(extra.substr(at, end - at));
    at = end + 2;
  }
  return parts;
}

}  // namespace

Progress::Progress(std::string label, std::string unit, int width, bool colour)
    : label_(std::move(label)), unit_(std::move(unit)), width_(std::max(width, 20)), colour_(colour) {}

void Progress::set_width(int width) { width_ = std::max(width, 20); }

std::string format_remaining(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "?";
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) return format("{} s", whole);
  if (whole < 3600) return format("{}:{:02d}", whole / 60, whole % 60);
  return format("{}:{:02d}:{:02d}", whole / 3600, whole % 3600 / 60, whole % 60);
}

void Progress::seen(int64_t done, double elapsed) {
  // Going back in count or time is a new beginning.
  if (!moments_.empty() && (done < moments_.back().done || elapsed < moments_.back().elapsed)) moments_.clear();
  // The moment before the last is kept only where it is far enough from the one before it.
  if (moments_.size() >= 2 && moments_.back().elapsed - moments_[moments_.size() - 2].elapsed < kBetweenMoments)
    moments_.pop_back();
  moments_.push_back({elapsed, done});
  const double window = std::clamp(elapsed / 4, 5.0, 60.0);
  while (moments_.size() > 2 && moments_[1].elapsed <= elapsed - window) moments_.pop_front();
}

double Progress::rate() const {
  if (moments_.size() < 2) return 0;
  const double span = moments_.back().elapsed - moments_.front().elapsed;
  return span >= kLeastSpan ? static_cast<double>(moments_.back().done - moments_.front().done) / span : 0;
}

std::string Progress::line(int64_t done, int64_t total, double elapsed, const std::string& extra) {
  seen(done, elapsed);
  const double per_second = rate();
  const double part = total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 0;

  // What the line may hold, as it stands from left to right; `rank` says what is taken first.
  struct Part {
    int rank;
    std::string text;
    bool taken = false;
  };
  const std::string units = unit_.empty() ? "" : " " + unit_;
  const bool unit_at_rate = total > 0 && per_second > 0;
  std::vector<Part> parts;
  std::string counts = format_count(done);
  if (total > 0) counts += format("/{}", format_count(total));
  parts.push_back({total > 0 ? 7 : 1, counts + (unit_at_rate ? "" : units)});
  if (per_second > 0) parts.push_back({4, format_quantity(per_second) + (unit_at_rate ? units : "") + "/s"});
  if (total > 0 && done >= total)
    parts.push_back({2, format("in {}", format_remaining(elapsed))});
  else if (total > 0 && per_second > 0)
    parts.push_back({2, format("{} left", format_remaining(static_cast<double>(total - done) / per_second))});
  const std::vector<std::string> more = parts_of(extra);
  for (size_t i = 0; i < more.size(); ++i) parts.push_back({i == 0 ? 3 : i == 1 ? 5 : 6, more[i]});

  const std::string percent = total > 0 ? format("{:3.0f} %", std::floor(part * 100)) : "";
  const std::string label = first_columns(label_, width_ - display_width(percent) - 1);
  int room = width_ - display_width(label) - (percent.empty() ? 0 : 1 + display_width(percent));
  int bar = 0;
  if (total > 0 && room >= kLeastBar + 1) {
    bar = kLeastBar;
    room -= bar + 1;
  }
  bool full = false;  // nothing of a lower rank overtakes what did not fit
  for (int rank = 1; rank <= 7 && !full; ++rank)
    for (Part& p : parts) {
      if (p.rank != rank || full) continue;
      const int columns = display_width(p.text) + 2;
      full = columns > room && rank != 7;
      if (columns > room) continue;
      room -= columns;
      p.taken = true;
    }
  if (bar > 0) bar += std::clamp(room, 0, kMostBar - kLeastBar);

  std::string text = label;
  if (bar > 0) {
    const int filled = static_cast<int>(part * bar);
    text += " ";
    if (colour_) text += "\x1b[36m";
    for (int i = 0; i < filled; ++i) text += "━";
    if (colour_) text += "\x1b[0m\x1b[2m";
    for (int i = filled; i < bar; ++i) text += "─";
    if (colour_) text += "\x1b[0m";
  }
  if (!percent.empty()) text += format(" {}", percent);
  for (const Part& p : parts)
    if (p.taken) text += "  " + p.text;
  return text;
}

bool Progress::due(int64_t done, int64_t total, double elapsed, double per_second) {
  if ((total > 0 && done >= total) || elapsed - last_drawn_ >= 1.0 / std::max(per_second, 1e-3)) {
    last_drawn_ = elapsed;
    return true;
  }
  return false;
}

}  // namespace thimble
