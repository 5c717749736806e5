// A progress line with rate and remaining time. Formats only: the command line decides whether
// there is a terminal to write to, and when.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

namespace thimble {

class Progress {
 public:
  // label: "training seed 1"; unit: "images"; width: columns of the whole line.
  explicit Progress(std::string label, std::string unit = "", int width = 78, bool colour = false);

  void set_label(std::string label) { label_ = std::move(label); }
  void set_width(int width);

  // "training ━━━━───── 40 %  20,000/50,000  12.3 k images/s  0:41 left  epoch 1/3  loss 0.3", never
  // wider than width. total ≤ 0: unknown, only count and rate are shown. elapsed in seconds since the
  // start. extra: parts apart by two spaces, the important ones first; what does not fit is left out,
  // counts and then the last parts before the bar.
  // The rate is that of the last seconds (a quarter of the time so far, 5 s to 60 s) and is shown once
  // it rests on half a second; what was done when line() or seen() was first called (a resumed
  // training, the first step) is no part of it.
  std::string line(int64_t done, int64_t total, double elapsed, const std::string& extra = "");
  // Takes notice of where the work stands without a line.
  void seen(int64_t done, double elapsed);
  // true at most `per_second` times a second, and always when done == total: ask before drawing.
  bool due(int64_t done, int64_t total, double elapsed, double per_second = 10);
  // Per second; 0 while it is not known.
  double rate() const;

 private:
  struct Moment {
    double elapsed;
    int64_t done;
  };

  std::string label_, unit_;
  int width_;
  bool colour_;
  double last_drawn_ = -1e9;
  std::deque<Moment> moments_;  // one more than the window holds, ascending; the last is now
};

// "41 s", "3:05", "2:10:00".
std::string format_remaining(double seconds);

}  // namespace thimble
