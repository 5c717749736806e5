#include "study/workers.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace thimble {
namespace {

struct Job {
  const ItemPlan* plan = nullptr;
  int attempt = 1;
};

// One thread watches each process on this machine, the thread that made the crew speaks with the other ranks. All take
// their jobs from one list.
class Crew {
 public:
  Crew(const std::vector<ItemPlan>& plans, const WorkerOptions& workers, const StudyOptions& options,
       const StudyHooks& hooks)
      : plans_(plans), workers_(workers), options_(options), hooks_(hooks) {
    for (const ItemPlan& plan : plans) waiting_.push_back({&plan, 1});
  }

  Status run() {
    const auto count = std::min(static_cast<size_t>(std::max(1, workers_.workers)), plans_.size());
    processes_ = count + (workers_.ranks ? static_cast<size_t>(workers_.ranks->size() - 1) : 0);
    report();
    std::vector<std::thread> threads;
    for (size_t i = 0; i < count; ++i) try {
        threads.emplace_back([this] { work(); });
      } catch (const std::system_error&) {
        break;  // fewer workers do the same work
      }
    if (workers_.ranks) lead(*workers_.ranks);
    if (threads.empty()) work();
    for (std::thread& t : threads) t.join();
    if (cancelled() && done_ < plans_.size() && (!error_ || error_->code == ErrorCode::interrupted))
      return fail(ErrorCode::interrupted, format("interrupted: {} of {} trainings are finished", done_, plans_.size()),
                  "go on with --resume");
    if (error_) return tl::unexpected<Error>(std::move(*error_));
    return {};
  }

 private:
  bool cancelled() const { return hooks_.cancelled && hooks_.cancelled(); }
  bool over() {
    const std::lock_guard lock(mutex_);
    return error_ || done_ == plans_.size() || cancelled();
  }

  std::optional<Job> take() {
    const std::lock_guard lock(mutex_);
    if (error_ || waiting_.empty() || cancelled()) return std::nullopt;
    const Job job = waiting_.front();
    waiting_.pop_front();
    return job;
  }

  // Another's job may come back, so nobody leaves while one runs.
  void work() {
    const int sharing = workers_.ranks ? workers_.ranks->here() : workers_.workers;
    const std::string threads = std::to_string(std::max(1, options_.threads / std::max(1, sharing)));
    while (!over()) {
      const std::optional<Job> job = take();
      if (!job) {
        rest();
        continue;
      }
      std::vector<std::string> arguments = arguments_of(*job);
      arguments.insert(arguments.end(), {"--threads", threads});
      finish(*job, workers_.run(arguments, hooks_.cancelled), {});
    }
  }

  // Until nothing is left to do and every rank is idle.
  void lead(Ranks& ranks) {
    std::vector<std::optional<Job>> busy(static_cast<size_t>(ranks.size()));
    bool told = false;
    for (;;) {
      for (int r = 1; r < ranks.size(); ++r) {
        std::optional<Job>& its = busy[static_cast<size_t>(r)];
        if (its || !(its = take())) continue;
        if (Status sent = ranks.send(r, pack_order({options_.out, its->plan->id, arguments_of(*its)})); !sent) {
          finish(*its, tl::unexpected<Error>(std::move(sent).error()), {});
          its.reset();
        }
      }
      if (cancelled() && !told) {
        told = true;
        for (int r = 1; r < ranks.size(); ++r)
          if (busy[static_cast<size_t>(r)]) static_cast<void>(ranks.send(r, pack_order({})));
      }
      if (const std::optional<Message> message = ranks.poll()) {
        std::optional<Job>& its = busy[static_cast<size_t>(message->from)];
        if (its) answered(*its, message->bytes, message->from);
        its.reset();
        continue;
      }
      if (over() && std::ranges::none_of(busy, [](const auto& job) { return job.has_value(); })) return;
      rest();
    }
  }

  void answered(const Job& job, std::span<const uint8_t> bytes, int rank) {
    const std::string where = format(" (rank {})", rank);
    Result<ItemAnswer> answer = unpack_answer(bytes);
    if (!answer) return finish(job, tl::unexpected<Error>(std::move(answer).error()), where);
    if (answer->child && answer->child->exit_code == 0)
      if (Status kept = keep_answer(*answer, options_.out, job.plan->id); !kept)
        answer->child = tl::unexpected<Error>(std::move(kept).error());
    finish(job, std::move(answer->child), where);
  }

  std::vector<std::string> arguments_of(const Job& job) const {
    std::vector<std::string> arguments = workers_.command;
    arguments.insert(arguments.end(), {"--item", job.plan->id, "--quiet"});
    if (options_.resume || job.attempt > 1) arguments.push_back("--resume");
    return arguments;
  }

  // What came of a job: done, to be done again, or the end of the study.
  void finish(const Job& job, Result<ChildResult> child, const std::string& where) {
    const std::lock_guard lock(mutex_);
    const std::string& label = job.plan->label;
    if (child && child->exit_code == 0) {
      ++done_;
      if (hooks_.note) hooks_.note(format("{}: done{} ({} of {})", label, where, done_, plans_.size()));
      return report();
    }
    if (child && child->signal != 0 && job.attempt < workers_.attempts) {
      waiting_.push_front({job.plan, job.attempt + 1});
      if (hooks_.note)
        hooks_.note(format("{}: its process{} was ended by signal {}; attempt {} of {}", label, where, child->signal,
                           job.attempt + 1, workers_.attempts));
      return;
    }
    if (error_) return;
    Error error = child ? child_error(*child) : std::move(child).error();
    if (error.hint.empty()) error.hint = "finished items are kept: go on with --resume";
    error.context.push_back(label + where);
    error_ = std::move(error);
  }

  // Under the lock, or before the threads begin.
  void report() {
    if (hooks_.progress)
      hooks_.progress({"workers", static_cast<int64_t>(done_), static_cast<int64_t>(plans_.size()), "items",
                       format("{} processes", std::min(processes_, plans_.size() - done_))});
  }

  static void rest() { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }

  const std::vector<ItemPlan>& plans_;
  const WorkerOptions& workers_;
  const StudyOptions& options_;
  const StudyHooks& hooks_;
  size_t processes_ = 0;
  std::mutex mutex_;
  std::deque<Job> waiting_;
  size_t done_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Status run_workers(const std::vector<ItemPlan>& plans, const WorkerOptions& workers, const StudyOptions& options,
                   const StudyHooks& hooks) {
  if (plans.empty()) return {};
  return Crew(plans, workers, options, hooks).run();
}

}  // namespace thimble
