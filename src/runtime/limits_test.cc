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

TEST(Limits, FreeMemoryIsAtMostTheMachines) {
  const FreeMemory left = free_memory();
  EXPECT_GT(left.bytes, 0);
  EXPECT_LE(left.bytes, machine_memory_bytes());
}

}  // namespace
}  // namespace thimble
