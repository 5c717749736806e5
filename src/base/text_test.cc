// Suggestions, UTF-8, log sink, hashes, random numbers, environment, cpu: the small helpers.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/cpu.h"
#include "base/environment.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "base/suggest.h"
#include "base/utf8.h"

namespace thimble {
namespace {

TEST(Suggest, CountsEdits) {
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("epohcs", "epochs"), 1);  // neighbours swapped
  EXPECT_EQ(edit_distance("ReLU", "relu"), 0);
}

TEST(Suggest, OffersOnlyNearWords) {
  const std::vector<std::string> words = {"batch", "epochs", "optimizer", "loss"};
  EXPECT_EQ(closest("epoch", words), "epochs");
  EXPECT_EQ(closest("optimiser", words), "optimizer");
  EXPECT_EQ(closest("zebra", words), "");
  EXPECT_EQ(closest("", words), "");
  EXPECT_EQ(did_you_mean("bacth", words), "did you mean 'batch'?");
  EXPECT_EQ(did_you_mean("qqqqq", words), "");
  EXPECT_EQ(did_you_mean_or_all("bacth", words), "did you mean 'batch'?");
  EXPECT_EQ(did_you_mean_or_all("qqqqq", words), "there are batch, epochs, optimizer, loss");
  EXPECT_EQ(did_you_mean_or_all("qqqqq", {}), "");
  const std::vector<std::string> many(11, "layer");
  EXPECT_TRUE(did_you_mean_or_all("qqqqq", many).ends_with("layer and 3 more"));
}

#ifdef __SIZEOF_INT128__
TEST(Random, UpperProductIsThatOf128Bits) {
  __extension__ using Wide = unsigned __int128;
  for (uint64_t i = 0; i < 1000; ++i) {
    const uint64_t a = random_bits(1, 0, i) >> (i % 64), b = random_bits(2, 0, i) >> (i / 7 % 64);
    EXPECT_EQ(upper_product(a, b), static_cast<uint64_t>((static_cast<Wide>(a) * b) >> 64)) << a << " * " << b;
  }
  EXPECT_EQ(upper_product(~0ull, ~0ull), ~0ull - 1);
}
#endif

TEST(Log, GoesToTheSinkUpToItsLevel) {
  std::string seen;
  EXPECT_FALSE(log_enabled(LogLevel::error));  // silent by default
  set_log_sink(
      [](LogLevel level, std::string_view text, void* to) {
        static_cast<std::string*>(to)->append(name(level)).append(":").append(text).append(";");
      },
      &seen, LogLevel::warning);
  log(LogLevel::warning, "{} of {}", 1, 2);
  log(LogLevel::info, "not seen");
  log_text(LogLevel::error, "plain {}");
  set_log_sink(nullptr);
  log(LogLevel::error, "gone");
  EXPECT_EQ(seen, "warning:1 of 2;error:plain {};");
}

TEST(Hash, Xxh64KnownValues) {
  EXPECT_EQ(hex(checksum64("")), "ef46db3751d8e999");
  EXPECT_EQ(hex(checksum64("a")), "d24ec4f1a98c6e5b");
  EXPECT_EQ(hex(checksum64("abc")), "44bc2cf5ad770999");
  EXPECT_EQ(hex(checksum64("Nobody inspects the spammish repetition")), "fbcea83c8a378bf1");  // beyond one stripe
  EXPECT_NE(checksum64("abc", 1), checksum64("abc"));
}

TEST(Environment, ReadsDeclaredKnobs) {
  ASSERT_EQ(environment_knobs().size(), static_cast<size_t>(Knob::count));
  for (size_t i = 0; i < environment_knobs().size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(environment_knobs()[i].knob), i);
    EXPECT_GT(std::string(environment_knobs()[i].sentence).size(), 10u);
  }
  ::setenv("THIMBLE_DATA", "/data", 1);
  EXPECT_EQ(environment(Knob::data), "/data");
  ::setenv("THIMBLE_DATA", "", 1);
  EXPECT_FALSE(environment(Knob::data));
  ::unsetenv("THIMBLE_DATA");
  EXPECT_FALSE(environment(Knob::data));
}

TEST(Utf8, WhatIsNotIsFoundAndEscaped) {
  EXPECT_EQ(escaped_utf8("gr\xf6\xdf"
                         "er"),
            "gr\\xf6\\xdfer");
  JsonWriter json;
  json.begin_object().field("a\xff", "b\xc3").end_object();
  EXPECT_EQ(json.take(), "{\"a\\\\xff\":\"b\\\\xc3\"}");
}

TEST(Cpu, TellsWhatTheMachineIs) {
  EXPECT_GE(logical_cpus(), physical_cores());
  EXPECT_GE(physical_cores(), 1);
  EXPECT_FALSE(cpu_model_name().empty());
  EXPECT_FALSE(os_name().empty());
  const CpuFeatures& f = cpu_features();
  EXPECT_TRUE(f.avx512 || !f.avx512_vnni);
  EXPECT_TRUE(f.avx2_fma_f16c || !f.avx512);
#if defined(__x86_64__)
  EXPECT_EQ(f.avx2_fma_f16c, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
  EXPECT_EQ(f.avx512_vnni, static_cast<bool>(__builtin_cpu_supports("avx512vnni")));
#endif
}

}  // namespace
}  // namespace thimble
