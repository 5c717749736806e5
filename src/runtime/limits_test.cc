#include "runtime/limits.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

TEST(Limits, AvailableMemoryIsReadFromMeminfo) {
  EXPECT_EQ(available_bytes("MemTotal:  1015000 kB\nMemFree: 1 kB\nMemAvailable:     2048 kB\nBuffers: 7 kB\n"),
            2048 * 1024);
  for (const char* text : {"", "MemTotal: 5 kB\n", "MemAvailable:", "MemAvailable: lots", "MemAvailable: -5 kB"})
    EXPECT_EQ(available_bytes(text), 0) << text;
  EXPECT_GT(available_bytes("MemAvailable: 9223372036854775807 kB"), 0);
}

TEST(Limits, WhatIsTakenFitsIntoWhatIsFree) {
  const FreeMemory left{1000};
  EXPECT_TRUE(check_free_memory(left, 400, 600));
  EXPECT_TRUE(check_free_memory({0}, 400, 600));  // nobody says
  for (const auto& [arena, weights] :
       {std::pair<int64_t, int64_t>{0, 1001}, {1001, 0}, {401, 600}, {1, INT64_MAX / 2}}) {
    const Status status = check_free_memory(left, arena, weights);
    ASSERT_FALSE(status) << arena << " " << weights;
    EXPECT_EQ(status.error().code, ErrorCode::out_of_memory);
    EXPECT_NE(status.error().message.find("1000 of the machine's"), std::string::npos) << status.error().message;
  }
  EXPECT_NE(check_free_memory({1000, true}, 1001, 0).error().message.find("control group"), std::string::npos);
}

TEST(Limits, FreeMemoryIsAtMostTheMachines) {
  const FreeMemory left = free_memory();
  EXPECT_GT(left.bytes, 0);
  EXPECT_LE(left.bytes, machine_memory_bytes());
}

}  // namespace
}  // namespace thimble
