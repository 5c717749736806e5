// Child processes: output, exit codes, signals, limits, time-outs.
#include "measure/subprocess.h"

#include <csignal>

#include <gtest/gtest.h>

#include "base/file.h"
#include "measure/clock.h"

namespace thimble {
namespace {

Result<ChildResult> shell(const std::string& script, ChildOptions options = {}) {
  return run_child("/bin/sh", {"-c", script}, options);
}

TEST(Subprocess, ReadsBothStreamsAndTheExitCode) {
  const auto r = shell("echo '{\"a\":1}'; echo oops >&2; exit 3");
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->out, "{\"a\":1}\n");
  EXPECT_EQ(r->err, "oops\n");
  EXPECT_EQ(r->exit_code, 3);
  EXPECT_EQ(r->signal, 0);
}

TEST(Subprocess, LargeOutputDoesNotBlock) {
  const auto r = shell(
      "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; echo "
      "errerrerrerrerrerrerrerrerrerr >&2; i=$((i+1)); done");
  ASSERT_TRUE(r.has_value());
  EXPECT_EQ(r->out.size(), 3000u * 41);
  EXPECT_LE(r->err.size(), size_t{64} << 10);
  ChildOptions options;
  options.max_output_bytes = 1000;
  EXPECT_FALSE(shell("while :; do echo yyyyyyyyyyyyyyyyyyyy; done", options).has_value());
}

TEST(Subprocess, ReadsItsInputFromAFile) {
  EXPECT_EQ(shell("wc -c").value().out, "0\n");
  const std::string path = testing::TempDir() + "subprocess_input";
  ASSERT_TRUE(write_file_atomic(path, std::string_view("0123456789")));
  ChildOptions options;
  options.input_file = path;
  EXPECT_EQ(shell("cat", options)->out, "0123456789");
  options.input_offset = 7;
  EXPECT_EQ(shell("cat", options)->out, "789");
  options.input_file = path + ".none";
  EXPECT_FALSE(shell("cat", options).has_value());
}

TEST(Subprocess, EnvironmentSignalsAndMissingPrograms) {
  ChildOptions options;
  options.environment = {{"THIMBLE_TEST_X", "from parent"}};
  const auto env = shell("echo $THIMBLE_TEST_X", options);
  ASSERT_TRUE(env.has_value());
  EXPECT_EQ(env->out, "from parent\n");
  const auto killed = shell("kill -SEGV $$");
  ASSERT_TRUE(killed.has_value());
  EXPECT_EQ(killed->signal, SIGSEGV);
  EXPECT_EQ(killed->exit_code, 128 + SIGSEGV);
  const auto missing = run_child("/no/such/program", {});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::io);
  EXPECT_NE(missing.error().message.find("No such file"), std::string::npos);
}

TEST(Subprocess, TimeOutAndCancelKill) {
  ChildOptions options;
  options.timeout_seconds = 0.2;
  const Stopwatch watch;
  const auto slow = shell("exec sleep 20", options);
  ASSERT_FALSE(slow.has_value());
  EXPECT_EQ(slow.error().code, ErrorCode::interrupted);
  EXPECT_EQ(shell("exec 1>&- 2>&-; exec sleep 20", options).has_value(), false);  // closed streams, still running
  ChildOptions cancel;
  cancel.cancelled = [] { return true; };
  EXPECT_FALSE(shell("exec sleep 20", cancel).has_value());
  EXPECT_LT(watch.seconds(), 10);
}

TEST(Subprocess, RunsItself) {
  const auto path = own_program_path();
  ASSERT_TRUE(path.has_value());
  EXPECT_NE(path->find("measure_test"), std::string::npos);
  const auto listing = run_self({"--gtest_list_tests", "--gtest_filter=Subprocess.RunsItself"});
  ASSERT_TRUE(listing.has_value());
  EXPECT_NE(listing->find("RunsItself"), std::string::npos);
  const auto bad = run_self({"--gtest_filter=Nothing.AtAll", "--gtest_color=wrong", "--help"});
  EXPECT_TRUE(bad.has_value() || !bad.error().message.empty());
}

}  // namespace
}  // namespace thimble
