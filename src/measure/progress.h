// A progress line with rate and remaining time. Formats only: the command line decides whether
// there is a terminal to write to, and when.
#pragma once

#include <cstdint>
#include <string>

namespace thimble {

class Progress {
 public:
  // label: "epoch 3/100"; unit: "images"; width: columns of the whole line.
  explicit Progress(std::string label, std::string unit = "", int width = 78, bool colour = false);

  void set_label(std::string label) { label_ = std::move(label); }
  // "epoch 3/100 ━━━━━━───── 60 %  30,000/50,000 images  12.3 k/s  0:41 left", never wider than
  // width. total ≤ 0: unknown, only count and rate are shown. elapsed in seconds since the start;
  // the rate is smoothed over the last calls (the first call gives the plain mean).
  std::string line(int64_t done, int64_t total, double elapsed, const std::string& extra = "");
  // true at most `per_second` times a second, and always when done == total: ask before drawing.
  bool due(int64_t done, int64_t total, double elapsed, double per_second = 10);

 private:
  std::string label_, unit_;
  int width_;
  bool colour_;
  double last_drawn_ = -1e9;
  double last_elapsed_ = 0;
  int64_t last_done_ = 0;
  double rate_ = 0;  // per second, exponentially smoothed over about 5 s
};

// "41 s", "3:05", "2:10:00".
std::string format_remaining(double seconds);

}  // namespace thimble
