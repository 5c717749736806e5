// Stopping rules of trials, and the resource figures beside them.
#include "measure/trials.h"

#include <cstring>
#include <string>

#include <sys/mman.h>

#include <gtest/gtest.h>

#include "measure/clock.h"

namespace thimble {
namespace {

TEST(Trials, CountsRunsAfterWarmUp) {
  int runs = 0;
  const auto samples = run_trials({"a",
                                   [&] {
                                     ++runs;
                                     return Status{};
                                   }},
                                  TrialRules::fixed(3, 2));
  ASSERT_TRUE(samples.has_value());
  EXPECT_EQ(runs, 5);
  EXPECT_EQ(samples->timed.runs(), 3);
  EXPECT_EQ(samples->warmup.runs(), 2);
}

// A run of nanoseconds: the whole ends in its time, one thread is one core, and so many runs are exactly so many.
TEST(Trials, RunsShorterThanTheClock) {
  volatile int work = 0;
  const TrialSubject tiny{"tiny", [&work] {
                            work = work + 1;
                            return Status{};
                          }};
  const Stopwatch watch;
  TrialRules rules{.warmup_min_seconds = 0.02, .min_seconds = 0.2};
  auto samples = run_trials(tiny, rules);
  ASSERT_TRUE(samples.has_value());
  EXPECT_GT(samples->runs_per_reading, 1);
  EXPECT_GT(samples->timed.runs(), 100'000);
  EXPECT_LE(samples->use.cpu_share, 1.01);  // two clocks
  EXPECT_GE(samples->use.seconds, 0.2);
  EXPECT_LT(samples->timed.percentile(50), 1);
  EXPECT_LT(watch.seconds(), 5);
  rules = {.warmup_min_seconds = 0, .min_seconds = 0, .num_runs = 100'003};
  samples = run_trials(tiny, rules);
  ASSERT_TRUE(samples.has_value());
  EXPECT_EQ(samples->timed.runs(), 100'003);
  EXPECT_EQ(samples->timed.summary().count, 100'003);
  EXPECT_GE(samples->timed.readings(), 50);
}

void spin(double seconds) {
  const Stopwatch watch;
  while (watch.seconds() < seconds) {}
}

TEST(Trials, StopsByTheRules) {
  const TrialSubject slow{"slow", [] {
                            spin(2e-3);
                            return Status{};
                          }};
  TrialRules rules{.warmup_min_seconds = 0, .warmup_min_runs = 1, .min_seconds = 0.02, .max_seconds = 1, .num_runs = 2};
  auto samples = run_trials(slow, rules);
  ASSERT_TRUE(samples.has_value());
  EXPECT_GE(samples->timed.runs(), 2);  // min_seconds prolongs
  EXPECT_GE(samples->use.seconds, 0.02);
  EXPECT_GE(samples->timed.summary().min, 2e3);
  EXPECT_EQ(samples->runs_per_reading, 1);
  rules.max_seconds = 0.01;
  rules.num_runs = 1000;
  samples = run_trials(slow, rules);
  ASSERT_TRUE(samples.has_value());
  EXPECT_LE(samples->timed.runs(), 6);  // max_seconds ends it
  EXPECT_GE(samples->timed.runs(), 1);
}

TEST(Trials, ErrorsAndCancelling) {
  const TrialSubject bad{"bad one", [] { return Status(fail(ErrorCode::bad_file, "no")); }};
  const auto failed = run_trials(bad, TrialRules::fixed(1));
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::bad_file);
  EXPECT_EQ(failed.error().context.front(), "bad one");
  int runs = 0;
  const TrialSubject good{"good", [&] {
                            ++runs;
                            return Status{};
                          }};
  const auto stopped = run_trials(good, TrialRules::fixed(1'000'000'000, 0), [&] { return runs >= 5; });
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, ErrorCode::interrupted);
  EXPECT_GE(runs, 5);
  EXPECT_LT(runs, 1'000'000'000);
}

TEST(Resources, PeakFollowsAnAllocation) {
  const int64_t before = current_rss_bytes();
  EXPECT_GT(before, 0);
  const bool resettable = reset_peak_rss();
  const ResourceCounters begin = resource_counters();
  {
    constexpr size_t kBytes = 64 << 20;  // fresh pages: the heap might hand out used ones
    void* block = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(block, MAP_FAILED);
    std::memset(block, 1, kBytes);
    EXPECT_GE(current_rss_bytes() - before, 50 << 20);
    munmap(block, kBytes);
  }
  const ResourceUse use = usage_between(begin, resource_counters());
  EXPECT_GE(peak_rss_bytes() - before, 50 << 20);
  EXPECT_GT(use.minor_faults, 0);
  EXPECT_GT(use.cpu_seconds, 0);
  EXPECT_GT(use.cpu_share, 0);
  if (resettable) {
    ASSERT_TRUE(reset_peak_rss());
    EXPECT_LT(peak_rss_bytes(), before + (50 << 20));
  }
}

}  // namespace
}  // namespace thimble
