// The search on plans whose accuracy and size are known functions of their settings.
#include "compress/search/search.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "base/file.h"

namespace thimble {
namespace {

std::vector<CompressionPlan> plans() {
  std::vector<CompressionPlan> all;
  for (double keep : {1.0, 0.5, 0.25})
    for (double sparsity : {0.0, 0.5, 0.8})
      for (int bits : {8, 4, 2}) all.push_back({.keep = keep, .sparsity = sparsity, .bits = bits});
  return all;
}

// Fewer weights and bits cost accuracy; longer training gives some back.
TrialOutcome world(const Trial& t) {
  const double weights = t.plan.keep * t.plan.keep * (1 - t.plan.sparsity) * t.plan.bits / 8;
  const double loss = 0.05 * std::pow(1 - weights, 4) + 2.0 / std::sqrt(static_cast<double>(t.samples));
  return {0.95 - loss, 1000 + static_cast<int64_t>(100000 * weights), 1000};
}

SearchOptions options() {
  SearchOptions o;
  o.samples = 4'000'000;
  return o;
}

TEST(Search, FindsTheSmallestWithinAnAccuracy) {
  SearchOptions o = options();
  o.goal.least_score = 0.93;
  int64_t spent = 0;
  const auto result = search_plans(plans(), o, [&](const Trial& t) -> Result<TrialOutcome> {
    spent += t.samples;
    return world(t);
  });
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_TRUE(result->met);
  EXPECT_LE(spent, o.samples);
  EXPECT_GT(spent, o.samples * 9 / 10);
  EXPECT_EQ(result->trials.size(), 27u + 9 + 3 + 1);
  const Trial& chosen = result->trials[result->chosen];
  EXPECT_GE(chosen.outcome.score, 0.93);
  // What each plan is worth after the longest training: none within the goal is a third smaller.
  for (const CompressionPlan& plan : plans()) {
    const TrialOutcome best = world({plan, 1, 0, result->trials.back().samples, {}});
    if (best.score < 0.93) continue;
    EXPECT_GT(best.bytes * 3, chosen.outcome.bytes * 2) << plan.to_string();
  }
}

TEST(Search, FindsTheMostAccurateWithinASize) {
  SearchOptions o = options();
  o.goal.most_bytes = 30000;
  const auto result = search_plans(plans(), o, [](const Trial& t) -> Result<TrialOutcome> { return world(t); });
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->met);
  const Trial& chosen = result->trials[result->chosen];
  EXPECT_LE(chosen.outcome.bytes, 30000);
  EXPECT_GT(chosen.outcome.bytes, 20000);
  EXPECT_EQ(chosen.rung, 3);
}

TEST(Search, AGoalOutOfReachGivesTheNearest) {
  SearchOptions o = options();
  o.goal.least_score = 0.99;
  auto result = search_plans(plans(), o, [](const Trial& t) -> Result<TrialOutcome> { return world(t); });
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->met);
  EXPECT_EQ(result->trials[result->chosen].plan.to_string(), "8 bits");
  o.goal = {.most_bytes = 10};
  result = search_plans(plans(), o, [](const Trial& t) -> Result<TrialOutcome> { return world(t); });
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->met);
  for (const Trial& t : result->trials) EXPECT_GE(t.outcome.bytes, result->trials[result->chosen].outcome.bytes);
}

TEST(Search, ResumesToTheSameResultFromAnyTrial) {
  const std::string folder =
      std::filesystem::temp_directory_path() / ("thimble_search_test." + std::to_string(getpid()));
  ASSERT_TRUE(make_directories(folder));
  SearchOptions o = options();
  o.goal.least_score = 0.93;
  o.fingerprint = "a";
  const auto whole = search_plans(plans(), o, [](const Trial& t) -> Result<TrialOutcome> { return world(t); });
  ASSERT_TRUE(whole);
  o.ledger = folder + "/ledger";
  for (int stop : {0, 1, 26, 27, 35, 39}) {
    std::filesystem::remove(o.ledger);
    int ran = 0;
    const auto interrupted = [&](const Trial& t) -> Result<TrialOutcome> {
      if (ran == stop) return fail(ErrorCode::interrupted, "stopped");
      ++ran;
      return world(t);
    };
    o.resume = false;
    EXPECT_FALSE(search_plans(plans(), o, interrupted));
    o.resume = true;
    int again = 0;
    const auto rest = search_plans(plans(), o, [&](const Trial& t) -> Result<TrialOutcome> {
      ++again;
      return world(t);
    });
    ASSERT_TRUE(rest) << rest.error().to_string();
    EXPECT_EQ(again, 40 - stop);
    EXPECT_EQ(rest->chosen, whole->chosen);
    for (size_t i = 0; i < whole->trials.size(); ++i) {
      EXPECT_EQ(rest->trials[i].plan.to_string(), whole->trials[i].plan.to_string());
      EXPECT_EQ(rest->trials[i].outcome.score, whole->trials[i].outcome.score);
    }
  }
  o.fingerprint = "b";
  const auto other = search_plans(plans(), o, [](const Trial& t) -> Result<TrialOutcome> { return world(t); });
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::usage);
  std::filesystem::remove_all(folder);
}

TEST(Search, ASmallBudgetTriesFewerPlans) {
  SearchOptions o = options();
  o.goal.least_score = 0.93;
  o.samples = 60000;
  o.least_samples = 5000;
  const auto result = search_plans(plans(), o, [](const Trial& t) -> Result<TrialOutcome> {
    EXPECT_GE(t.samples, 5000);
    return world(t);
  });
  ASSERT_TRUE(result);
  EXPECT_LT(result->trials.size(), 12u);
  o.samples = 100;
  EXPECT_FALSE(search_plans(plans(), o, [](const Trial& t) -> Result<TrialOutcome> { return world(t); }));
}

TEST(Search, PlansThatWereLeftOutComeBackBesideTheBest) {
  SearchOptions o = options();
  o.goal.least_score = 0.93;
  o.samples = 400'000;
  o.least_samples = 10'000;  // pays for about half of the plans
  std::set<std::string> first, later;
  const auto result = search_plans(plans(), o, [&](const Trial& t) -> Result<TrialOutcome> {
    (t.rung == 0 ? first : later).insert(t.plan.to_string());
    return world(t);
  });
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_LT(first.size(), plans().size());
  EXPECT_FALSE(std::ranges::includes(first, later));
}

TEST(Search, FrontHasNoBeatenTrial) {
  std::vector<Trial> trials;
  for (const auto& [accuracy, bytes] : {std::pair{0.9, 10}, {0.8, 20}, {0.95, 30}, {0.95, 40}, {0.9, 10}})
    trials.push_back({.outcome = {accuracy, bytes}});
  EXPECT_EQ(pareto_front(trials), (std::vector<size_t>{0, 2}));
}

}  // namespace
}  // namespace thimble
