#include "app/task_progress.h"

#include <cstdio>

namespace thimble::app {

TaskProgress::TaskProgress(const Context& context, std::string label, std::string unit)
    : progress_(std::move(label), std::move(unit)), enabled_(context.draws_progress()) {}

void TaskProgress::update(int64_t done, int64_t total, const std::string& extra) {
  const double elapsed = watch_.seconds();
  if (!enabled_ || !progress_.due(done, total, elapsed)) return;
  const std::string line = progress_.line(done, total, elapsed, extra);
  if (elapsed < 1 && !drawn_) return;
  const std::string text = "\r\x1b[K" + line;
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

void TaskProgress::clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

}  // namespace thimble::app
