#include "app/task_progress.h"

namespace thimble::app {

TaskProgress::TaskProgress(const Context& context, std::string label, std::string unit)
    : context_(context), progress_(std::move(label), std::move(unit), context.progress_width(), context.colour()) {}

void TaskProgress::update(int64_t done, int64_t total, const std::string& extra) {
  const double elapsed = watch_.seconds();
  if (!context_.draws_progress() || !progress_.due(done, total, elapsed)) return;
  progress_.set_width(context_.progress_width());
  const std::string line = progress_.line(done, total, elapsed, extra);
  if (elapsed >= 1 || drawn_) {
    context_.draw_progress(line);
    drawn_ = true;
  }
}

void TaskProgress::clear() { context_.clear_progress(); }

}  // namespace thimble::app
