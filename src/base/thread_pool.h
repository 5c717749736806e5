// A persistent pool for short parallel regions with static splits: which thread gets which part is
// a function of the part's number alone, so results never depend on timing. The caller works too;
// waiting threads spin for about 50 µs (a hand-off then costs a cache miss) and sleep after that.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "base/result.h"

namespace thimble {

class ThreadPool {
 public:
  // Most threads that a pool may have.
  static constexpr int kMaxThreads = 256;

  // `threads` counts the caller: 1 starts none. Fewer may start when the system refuses; threads()
  // tells. Out of range values are clamped to [1, kMaxThreads].
  explicit ThreadPool(int threads);
  // The same, but an error where the number is out of range or the system refuses a thread.
  static Result<std::unique_ptr<ThreadPool>> create(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  // Calls fn(ctx, part) once for every part in [0, parts); part p runs on thread p % threads(), the
  // caller being thread 0, each thread's parts in rising order. Returns when all are done; what they
  // wrote is visible. Allocates nothing and takes no lock; parts ≤ 1 is a plain call. fn must not
  // throw. A run() inside another one (or from a second thread at the same time) is legal and runs
  // all its parts in its caller.
  void run(int parts, void (*fn)(void* ctx, int part), void* ctx);

  // run() for a callable taking the part's number; the callable stays where it is.
  template <class F>
  void run(int parts, F&& body) {
    using Body = std::remove_reference_t<F>;
    run(
        parts, [](void* ctx, int part) { (*static_cast<Body*>(ctx))(part); },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  struct Worker;
  void stop();
  void work(int index);

  int threads_ = 1;
  std::unique_ptr<Worker[]> workers_;  // threads_ − 1 of them
  std::atomic<bool> busy_{false};      // a run is in progress
  void (*fn_)(void*, int) = nullptr;   // of the run in progress
  void* ctx_ = nullptr;
  int parts_ = 0;
};

}  // namespace thimble
