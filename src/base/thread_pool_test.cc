#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

namespace {
std::atomic<int64_t> allocations{0};
}

// Counts every allocation of this program, so that "run() allocates nothing" is a test.
void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace thimble {
namespace {

TEST(ThreadPool, RunsEveryPartOnceOnItsThread) {
  for (const int threads : {1, 2, 3, 4, 7}) {
    ThreadPool pool(threads);
    ASSERT_EQ(pool.threads(), threads);
    for (int parts = 0; parts < 20; ++parts) {
      std::vector<int> count(20, 0);
      std::vector<std::thread::id> by(20);
      pool.run(parts, [&](int part) {
        ++count[static_cast<size_t>(part)];
        by[static_cast<size_t>(part)] = std::this_thread::get_id();
      });
      for (int p = 0; p < 20; ++p) {
        EXPECT_EQ(count[static_cast<size_t>(p)], p < parts ? 1 : 0) << threads << " threads, part " << p;
        if (p >= parts) continue;
        EXPECT_EQ(by[static_cast<size_t>(p)], by[static_cast<size_t>(p % threads)]);
        if (p % threads == 0) {
          EXPECT_EQ(by[static_cast<size_t>(p)], std::this_thread::get_id());
        }
      }
    }
  }
}

TEST(ThreadPool, ManyRunsSeeEachOthersWrites) {
  ThreadPool pool(3);
  int64_t own[3] = {0, 0, 0}, seen[3] = {0, 0, 0};  // plain memory: only the pool orders the accesses
  for (int i = 0; i < 2000; ++i) {
    pool.run(2 + i % 2, [&](int part) { own[part] += part + 1; });
    pool.run(3, [&](int part) { seen[part] = own[(part + 1) % 3]; });
    for (int part = 0; part < 3; ++part) ASSERT_EQ(seen[part], own[(part + 1) % 3]);
  }
  EXPECT_EQ(own[0], 2000);
  EXPECT_EQ(own[1], 4000);
  EXPECT_EQ(own[2], 3000);
}

TEST(ThreadPool, WakesThreadsThatSleep) {
  ThreadPool pool(2);
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // far beyond the spin: asleep by now
    int done[2] = {0, 0};
    pool.run(2, [&](int part) {
      if (part == 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the caller sleeps too
      done[part] = 1;
    });
    EXPECT_EQ(done[0] + done[1], 2);
  }
}

TEST(ThreadPool, NestedAndConcurrentRunsFinish) {
  ThreadPool pool(2);
  std::atomic<int> inner{0};
  pool.run(2, [&](int) { pool.run(4, [&](int) { inner.fetch_add(1); }); });
  EXPECT_EQ(inner.load(), 8);

  std::atomic<int> total{0};
  const auto many = [&] {
    for (int i = 0; i < 2000; ++i) pool.run(3, [&](int) { total.fetch_add(1, std::memory_order_relaxed); });
  };
  std::thread other(many);
  many();
  other.join();
  EXPECT_EQ(total.load(), 12000);
}

TEST(ThreadPool, AllocatesNothingWhileRunning) {
  ThreadPool pool(2);
  int64_t sums[2] = {0, 0};
  pool.run(2, [&](int part) { sums[part] += 1; });  // first use of anything lazy
  const int64_t before = allocations.load();
  for (int i = 0; i < 1000; ++i) {
    pool.run(1, [&](int part) { sums[part] += 1; });
    pool.run(2, [&](int part) { sums[part] += 1; });
  }
  EXPECT_EQ(allocations.load(), before);
  EXPECT_EQ(sums[0], 2001);
}

TEST(ThreadPool, CreateChecksTheNumber) {
  ASSERT_TRUE(ThreadPool::create(2));
  for (const int bad : {0, -3, ThreadPool::kMaxThreads + 1}) {
    const auto pool = ThreadPool::create(bad);
    ASSERT_FALSE(pool);
    EXPECT_EQ(pool.error().code, ErrorCode::usage);
  }
  EXPECT_EQ(ThreadPool(-1).threads(), 1);
}

}  // namespace
}  // namespace thimble
