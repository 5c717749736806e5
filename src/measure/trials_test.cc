// Order and stopping rules of trials, and the resource figures beside them.
#include "measure/trials.h"

#include <cstring>
#include <string>

#include <sys/mman.h>

#include <gtest/gtest.h>

#include "measure/clock.h"

namespace thimble {
namespace {

TEST(Trials, InterleavesAfterWarmUp) {
  std::string order;
  const std::vector<TrialSubject> subjects = {{"a",
                                               [&] {
                                                 order += 'A';
                                                 return Status{};
                                               }},
                                              {"b", [&] {
                                                 order += 'B';
                                                 return Status{};
                                               }}};
  const auto samples = run_interleaved(subjects, TrialRules::fixed(3, 2));
  ASSERT_TRUE(samples.has_value());
  EXPECT_EQ(order, "AABBABABAB");
  ASSERT_EQ(samples->size(), 2u);
  EXPECT_EQ((*samples)[0].us.size(), 3u);
  EXPECT_EQ((*samples)[1].warmup_us.size(), 2u);
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
  EXPECT_GE(samples->us.size(), 2u);  // min_seconds prolongs
  EXPECT_GE(samples->use.seconds, 0.02);
  for (double us : samples->us) EXPECT_GE(us, 2e3);
  rules.max_seconds = 0.01;
  rules.num_runs = 1000;
  samples = run_trials(slow, rules);
  ASSERT_TRUE(samples.has_value());
  EXPECT_LE(samples->us.size(), 6u);  // max_seconds ends it
  EXPECT_GE(samples->us.size(), 1u);
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
  const auto stopped = run_trials(good, TrialRules::fixed(1000, 0), [&] { return runs == 5; });
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, ErrorCode::interrupted);
  EXPECT_EQ(runs, 5);
  EXPECT_TRUE(run_interleaved({}, TrialRules::fixed(3))->empty());
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
