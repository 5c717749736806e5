#include "base/cpu.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "base/file.h"

namespace thimble {
namespace {

TEST(ControlGroup, TheLeastLimitOnTheWayUpHolds) {
  std::string mount = ::testing::TempDir() + "thimble-cgroup-XXXXXX";
  ASSERT_NE(mkdtemp(mount.data()), nullptr);
  ASSERT_TRUE(make_directories(mount + "/box/job"));
  const auto put = [&](const std::string& name, std::string_view text) {
    ASSERT_TRUE(write_file_atomic(mount + name, text)) << name;
  };
  EXPECT_EQ(read_control_group("0::/box/job\n", mount).cpus, 0);
  put("/box/cpu.max", "150000 100000\n");
  put("/box/job/cpu.max", "max 100000\n");
  put("/box/job/memory.max", "max\n");
  EXPECT_EQ(read_control_group("0::/box/job\n", mount).cpus, 2);  // 1.5, rounded up
  EXPECT_EQ(read_control_group("0::/box/job\n", mount).memory_bytes, 0);
  put("/box/memory.max", "268435456\n");
  put("/memory.max", "134217728\n");
  put("/box/job/cpu.max", "100000 100000\n");
  const ControlGroup job = read_control_group("12:pids:/old\n0::/box/job\n", mount);
  EXPECT_EQ(job.cpus, 1);
  EXPECT_EQ(job.memory_bytes, 134217728);
  EXPECT_EQ(read_control_group("0::/\n", mount).memory_bytes, 134217728);  // as in a container: its own root
  EXPECT_EQ(read_control_group("0::/box/job\n", mount).cpus, 1);
  EXPECT_EQ(read_control_group("", mount).cpus, 0);
  EXPECT_EQ(read_control_group("0::/gone\n", mount + "/nothing").memory_bytes, 0);
}

TEST(Cpu, ThisMachine) {
  EXPECT_GE(logical_cpus(), 1);
  EXPECT_GE(physical_cores(), 1);
  EXPECT_LE(physical_cores(), logical_cpus());
}

}  // namespace
}  // namespace thimble
