// A progress line on stderr: drawn only on a terminal, and only for work that lasts over a second.
#pragma once

#include <cstdint>
#include <string>

#include "app/command.h"
#include "measure/clock.h"
#include "measure/progress.h"

namespace thimble::app {

class TaskProgress {
 public:
  TaskProgress(const Context& context, std::string label, std::string unit);
  ~TaskProgress() { clear(); }
  TaskProgress(const TaskProgress&) = delete;
  TaskProgress& operator=(const TaskProgress&) = delete;

  void set_label(std::string label) { progress_.set_label(std::move(label)); }
  void update(int64_t done, int64_t total, const std::string& extra = {});
  // Takes the line away, so that other text can be printed.
  void clear();

 private:
  const Context& context_;
  Progress progress_;
  Stopwatch watch_;
  bool drawn_ = false;
};

}  // namespace thimble::app
