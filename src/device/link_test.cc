#include "device/link.h"

#include <cmath>

#include <gtest/gtest.h>

namespace thimble {
namespace {

TEST(Link, Words) {
  const auto link = parse_link("rtt=20ms, up=5Mbit,down=0.5Gbit/s");
  ASSERT_TRUE(link) << link.error().message;
  EXPECT_DOUBLE_EQ(link->rtt_us, 20'000);
  EXPECT_DOUBLE_EQ(link->up_bits, 5e6);
  EXPECT_DOUBLE_EQ(link->down_bits, 5e8);
  const auto same = parse_link("up=300kbit,rtt=0");
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_DOUBLE_EQ(same->rtt_us, 0);
  EXPECT_DOUBLE_EQ(same->down_bits, 3e5);
}

TEST(Link, WhatIsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "word is missing"},
      {"rtt=20ms", "up is missing"},
      {"up=5Mbit", "rtt is missing"},
      {"rtt=20ms,up=5Mbit,", "word is missing"},
      {"rtt=20ms,up=5Mbit,uo=1Mbit", "no \"uo\""},
      {"rtt=20ms,rtt=1ms,up=5Mbit", "twice"},
      {"rtt=20,up=5Mbit", "rtt has no unit"},
      {"rtt=20ms,up=5MB", "unit \"MB\""},
      {"rtt=20ms,up=0Mbit", "nothing would ever arrive"},
      {"rtt=-1ms,up=5Mbit", "no amount"},
      {"rtt=ms,up=5Mbit", "no amount"},
      {"rtt=,up=5Mbit", "no value"},
      {"rtt=nanms,up=5Mbit", "no amount"},
      {"rtt=20ms,up=1e300Mbit", "no amount"},
  };
  for (const auto& [text, why] : cases) {
    const auto link = parse_link(text);
    ASSERT_FALSE(link) << text;
    EXPECT_EQ(link.error().code, ErrorCode::usage) << text;
    EXPECT_NE(link.error().message.find(why), std::string::npos) << text << ": " << link.error().message;
    EXPECT_FALSE(link.error().hint.empty()) << text;
  }
  EXPECT_NE(parse_link("rtt=1ms,up=5mbit").error().hint.find("Mbit"), std::string::npos);
}

// 1,000 bytes at 8 Mbit/s are a millisecond.
TEST(Link, OffloadTimes) {
  const Link link = parse_link("rtt=5ms,up=8Mbit,down=80Mbit").value();
  const OffloadTimes slow = offload_times(link, 20'000, 2'000, 1'000, 1'000);
  EXPECT_DOUBLE_EQ(slow.send_us, 1'000);
  EXPECT_DOUBLE_EQ(slow.receive_us, 100);
  EXPECT_DOUBLE_EQ(slow.away_us, 8'100);
  EXPECT_FALSE(slow.device_wins);
  EXPECT_DOUBLE_EQ(slow.break_even_rtt_us, 16'900);
  EXPECT_DOUBLE_EQ(slow.break_even_up_bits, 8e9 / 12'900);  // 20,000 − 2,000 − 100 − 5,000 left for sending

  // At its own break-even both take as long, and the input stays where it is.
  Link even = link;
  even.rtt_us = slow.break_even_rtt_us;
  EXPECT_TRUE(offload_times(even, 20'000, 2'000, 1'000, 1'000).device_wins);

  const OffloadTimes fast = offload_times(link, 1'500, 1'000, 1'000, 0);
  EXPECT_TRUE(fast.device_wins);
  EXPECT_DOUBLE_EQ(fast.break_even_rtt_us, 0);
  EXPECT_TRUE(std::isinf(fast.break_even_up_bits));
}

}  // namespace
}  // namespace thimble
