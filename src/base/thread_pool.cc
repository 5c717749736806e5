// Hand-off protocol: each worker has its own pair of counters on its own cache line. The caller
// stores the run's description, then raises `go` of each worker it needs (release); the worker does
// its parts and stores the same number in `done` (release), which the caller acquires. Only needed
// workers are touched, so a two-part run on a large pool wakes one thread.
#include "base/thread_pool.h"

#include <chrono>
#include <new>
#include <system_error>
#include <thread>

namespace thimble {
namespace {

constexpr auto kSpin = std::chrono::microseconds(50);

inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ __volatile__("yield");
#endif
}

// Returns once `counter` differs from `old`: spins first, then sleeps in the kernel.
uint32_t wait_for_change(const std::atomic<uint32_t>& counter, uint32_t old) {
  const auto start = std::chrono::steady_clock::now();
  do {
    for (int i = 0; i < 64; ++i) {
      const uint32_t now = counter.load(std::memory_order_acquire);
      if (now != old) return now;
      relax();
    }
  } while (std::chrono::steady_clock::now() - start < kSpin);
  counter.wait(old, std::memory_order_acquire);
  return counter.load(std::memory_order_acquire);
}

}  // namespace

struct alignas(64) ThreadPool::Worker {
  std::atomic<uint32_t> go{0};
  bool stop = false;  // written before `go` is raised
  alignas(64) std::atomic<uint32_t> done{0};
  std::thread thread;
};

ThreadPool::ThreadPool(int threads) {
  const int wanted = threads < 1 ? 1 : threads > kMaxThreads ? kMaxThreads : threads;
  if (wanted == 1) return;
  workers_ = std::make_unique<Worker[]>(static_cast<size_t>(wanted - 1));
  for (int i = 1; i < wanted; ++i) {
    try {
      workers_[static_cast<size_t>(i - 1)].thread = std::thread([this, i] { work(i); });
    } catch (const std::system_error&) {
      break;
    } catch (const std::bad_alloc&) {  // a thread that is not joined would end the process
      stop();
      throw;  // lint: allow (create catches it)
    }
    threads_ = i + 1;
  }
}

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(int threads) {
  if (threads < 1 || threads > kMaxThreads) {
    return fail(ErrorCode::usage, format("{} threads were asked for; a pool has 1 to {}", threads, kMaxThreads));
  }
  try {
    auto pool = std::make_unique<ThreadPool>(threads);
    if (pool->threads() < threads) {
      return fail(ErrorCode::internal, format("the system started {} of {} threads", pool->threads(), threads),
                  "ask for fewer threads, or raise the limit on processes (ulimit -u)");
    }
    return pool;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::out_of_memory, format("no memory for a pool of {} threads", threads));
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  for (int i = 1; i < threads_; ++i) {
    Worker& worker = workers_[static_cast<size_t>(i - 1)];
    worker.stop = true;
    worker.go.fetch_add(1, std::memory_order_release);
    worker.go.notify_one();
  }
  for (int i = 1; i < threads_; ++i) workers_[static_cast<size_t>(i - 1)].thread.join();
}

void ThreadPool::work(int index) {
  Worker& self = workers_[static_cast<size_t>(index - 1)];
  uint32_t seen = 0;
  while (true) {
    seen = wait_for_change(self.go, seen);
    if (self.stop) return;
    // The run's description stays put until `done` is stored.
    for (int part = index; part < parts_; part += threads_) fn_(ctx_, part);
    self.done.store(seen, std::memory_order_release);
    self.done.notify_one();
  }
}

void ThreadPool::run(int parts, void (*fn)(void* ctx, int part), void* ctx) {
  if (parts <= 1 || threads_ == 1 || busy_.exchange(true, std::memory_order_acquire)) {
    for (int part = 0; part < parts; ++part) fn(ctx, part);
    return;
  }
  fn_ = fn;
  ctx_ = ctx;
  parts_ = parts;
  const int helpers = (parts < threads_ ? parts : threads_) - 1;
  for (int i = 0; i < helpers; ++i) {
    std::atomic<uint32_t>& go = workers_[static_cast<size_t>(i)].go;
    go.fetch_add(1, std::memory_order_release);
    go.notify_one();
  }
  for (int part = 0; part < parts; part += threads_) fn(ctx, part);
  for (int i = 0; i < helpers; ++i) {
    Worker& worker = workers_[static_cast<size_t>(i)];
    const uint32_t target = worker.go.load(std::memory_order_relaxed);
    uint32_t done = worker.done.load(std::memory_order_acquire);
    while (done != target) done = wait_for_change(worker.done, done);
  }
  busy_.store(false, std::memory_order_release);
}

}  // namespace thimble
