#include "study/workers.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "measure/subprocess.h"

namespace thimble {
namespace {

// What the threads that watch one worker each share.
class Crew {
 public:
  Crew(const std::vector<ItemPlan>& plans, const WorkerOptions& workers, const StudyOptions& options,
       const StudyHooks& hooks)
      : plans_(plans), workers_(workers), options_(options), hooks_(hooks) {}

  Status run() {
    const auto count = std::min(static_cast<size_t>(std::max(1, workers_.workers)), plans_.size());
    report();
    std::vector<std::thread> threads;
    for (size_t i = 0; i < count; ++i) try {
        threads.emplace_back([this] { watch(); });
      } catch (const std::system_error&) {
        break;  // fewer workers do the same work
      }
    if (threads.empty()) watch();
    for (std::thread& t : threads) t.join();
    if (error_) return tl::unexpected<Error>(std::move(*error_));
    return {};
  }

 private:
  void watch() {
    while (const ItemPlan* plan = next()) {
      Status status = do_item(*plan);
      const std::lock_guard lock(mutex_);
      if (!status) {
        if (!error_) error_ = std::move(status).error();
        return;
      }
      ++done_;
      if (hooks_.note) hooks_.note(format("{}: done ({} of {})", plan->label, done_, plans_.size()));
      report();
    }
  }

  const ItemPlan* next() {
    const std::lock_guard lock(mutex_);
    return error_ || next_ == plans_.size() ? nullptr : &plans_[next_++];
  }

  Status do_item(const ItemPlan& plan) {
    std::vector<std::string> arguments = workers_.command;
    arguments.insert(arguments.end(), {"--item", plan.id, "--quiet", "--threads",
                                       std::to_string(std::max(1, options_.threads / std::max(1, workers_.workers)))});
    THIMBLE_ASSIGN(const std::string program, own_program_path());
    for (int attempt = 1;; ++attempt) {
      std::vector<std::string> these = arguments;
      if (options_.resume || attempt > 1) these.push_back("--resume");
      ChildOptions child;
      child.cancelled = [this] { return hooks_.cancelled && hooks_.cancelled(); };
      THIMBLE_ASSIGN(const ChildResult result, run_child(program, these, child));
      if (result.exit_code == 0) return {};
      if (result.signal == 0 || attempt == workers_.attempts) {
        Error error = child_error(result);
        if (error.hint.empty()) error.hint = "finished items are kept: go on with --resume";
        return with_context(std::move(error), plan.label);
      }
      const std::lock_guard lock(mutex_);
      if (hooks_.note)
        hooks_.note(format("{}: its process was ended by signal {}; attempt {} of {}", plan.label, result.signal,
                           attempt + 1, workers_.attempts));
    }
  }

  // Under the lock, or before the threads begin.
  void report() {
    if (hooks_.progress)
      hooks_.progress({"workers", static_cast<int64_t>(done_), static_cast<int64_t>(plans_.size()), "items",
                       format("{} processes", std::min(static_cast<size_t>(workers_.workers), plans_.size() - done_))});
  }

  const std::vector<ItemPlan>& plans_;
  const WorkerOptions& workers_;
  const StudyOptions& options_;
  const StudyHooks& hooks_;
  std::mutex mutex_;
  size_t next_ = 0, done_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Status run_workers(const std::vector<ItemPlan>& plans, const WorkerOptions& workers, const StudyOptions& options,
                   const StudyHooks& hooks) {
  if (plans.empty()) return {};
  return Crew(plans, workers, options, hooks).run();
}

}  // namespace thimble
