// Progress lines against a clock that the test turns.
#include "measure/progress.h"

#include <gtest/gtest.h>

#include "measure/table.h"

namespace thimble {
namespace {

bool has(const std::string& line, const std::string& part) { return line.find(part) != std::string::npos; }

TEST(Progress, RateAndTimeLeftAreThoseOfTheLastSeconds) {
  Progress p("training", "images", 100);
  EXPECT_FALSE(has(p.line(32, 60'000, 1e-6), "/s"));  // a step just after the start says nothing about a second
  EXPECT_FALSE(has(p.line(500, 60'000, 0.2), "left"));
  std::string line = p.line(1032, 60'000, 1);
  EXPECT_TRUE(has(line, "1.00 k images/s")) << line;
  EXPECT_TRUE(has(line, "59 s left")) << line;
  for (double t = 1.1; t <= 30; t += 0.1) line = p.line(32 + static_cast<int64_t>(1000 * t), 60'000, t);
  EXPECT_TRUE(has(line, "1.00 k images/s")) << line;
  EXPECT_TRUE(has(line, "30 s left")) << line;
  // Twice as slow from here: ten seconds later only that counts.
  for (double t = 30.1; t <= 41; t += 0.1) line = p.line(30'032 + static_cast<int64_t>(500 * (t - 30)), 60'000, t);
  EXPECT_TRUE(has(line, "500 images/s")) << line;
}

TEST(Progress, WhatWasResumedIsNoRate) {
  Progress p("training", "images", 100);
  p.line(1'000'000, 2'000'000, 0.01);
  const std::string line = p.line(1'010'000, 2'000'000, 10.01);
  EXPECT_TRUE(has(line, "1.00 k images/s")) << line;
  EXPECT_TRUE(has(line, "16:30 left")) << line;
}

TEST(Progress, FewLongSteps) {
  Progress p("measuring, 1 thread", "passes", 80);
  p.seen(0, 0);
  EXPECT_TRUE(has(p.line(1, 18, 20, "float32"), "5:40 left"));
  const std::string line = p.line(2, 18, 40, "int8");
  EXPECT_TRUE(has(line, "2/18")) << line;
  EXPECT_TRUE(has(line, "0.05 passes/s")) << line;
  EXPECT_TRUE(has(line, "5:20 left")) << line;
  EXPECT_TRUE(has(line, "int8")) << line;
}

TEST(Progress, FitsAndKeepsItsBar) {
  const std::string extra = "epoch 3/100  loss 0.3123  accuracy 0.8912";
  for (int width : {20, 30, 40, 60, 79, 80, 99, 100, 120, 200}) {
    Progress p("training seed 1", "images", width);
    p.seen(0, 0);
    for (double t = 1; t < 20; ++t) {
      const std::string line = p.line(static_cast<int64_t>(12'300 * t), 5'000'000, t, extra);
      EXPECT_LE(display_width(line), width) << line;
      EXPECT_TRUE(has(line, " %")) << line;
      if (width >= 40) {
        EXPECT_TRUE(has(line, "────")) << line;
      }
      if (width >= 79) {
        EXPECT_TRUE(has(line, " left")) << line;
        EXPECT_TRUE(has(line, "epoch 3/100")) << line;
        EXPECT_TRUE(has(line, "12.3 k images/s")) << line;
      }
      if (width >= 120) {
        EXPECT_TRUE(has(line, "accuracy 0.8912")) << line;
      }
    }
  }
  Progress p("a label that is longer than the line has columns, even without anything else", "things", 30);
  EXPECT_LE(display_width(p.line(5, 10, 1, extra)), 30);
  Progress done("x", "images", 78);
  EXPECT_TRUE(has(done.line(50'000, 50'000, 4.0), "in 4 s"));
}

TEST(Progress, UnknownTotal) {
  Progress p("reading", "rows");
  EXPECT_EQ(p.line(0, 0, 0), "reading  0 rows");
  EXPECT_EQ(p.line(500, 0, 2), "reading  500 rows  250/s");
}

TEST(Progress, DrawsAtMostSoOften) {
  Progress p("x");
  EXPECT_TRUE(p.due(0, 10, 0));
  EXPECT_FALSE(p.due(1, 10, 0.05));
  EXPECT_TRUE(p.due(2, 10, 0.11));
  EXPECT_TRUE(p.due(10, 10, 0.12));
  EXPECT_EQ(format_remaining(185), "3:05");
  EXPECT_EQ(format_remaining(7800), "2:10:00");
  EXPECT_EQ(format_remaining(-1), "?");
}

}  // namespace
}  // namespace thimble
