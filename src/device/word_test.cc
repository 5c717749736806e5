#include "device/word.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

TEST(DeviceWord, Kinds) {
  EXPECT_EQ(parse_device_word("host")->kind, DeviceWord::Kind::host);

  const auto full = parse_device_word("ssh:pi@board-1.local:2222/var/models/");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->user, "pi");
  EXPECT_EQ(full->host, "board-1.local");
  EXPECT_EQ(full->port, 2222);
  EXPECT_EQ(full->folder, "/var/models");

  const auto bare = parse_device_word("ssh:gateway");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->user, "");
  EXPECT_EQ(bare->port, 0);
  EXPECT_EQ(bare->folder, "");

  const auto six = parse_device_word("ssh:root@[fe80::1]:22");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "fe80::1");
  EXPECT_EQ(six->port, 22);

  EXPECT_EQ(parse_device_word("qemu:pi4:256M")->board, "pi4:256M");
}

TEST(DeviceWord, WhatIsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "no such kind"},
      {"shh:pi", "no such kind"},
      {"ssh:", "host is missing"},
      {"ssh:-oProxyCommand=x", "no host's name"},
      {"ssh:a b", "no host's name"},
      {"ssh:x;reboot", "no host's name"},
      {"ssh:-x@host", "no user's name"},
      {"ssh:host:", "port is missing"},
      {"ssh:host:0", "no port"},
      {"ssh:host:65536", "no port"},
      {"ssh:host:2x", "no port"},
      {"ssh:[fe80::1", "no address"},
      {"ssh:[::1]x", "only a port"},
      {"ssh:host/a'b", "no shell"},
      {"qemu:", "board is missing"},
      {"qemu:pi9", "no board"},
      {"qemu:pi4:lots", "no amount"},
      {"qemu:pi4:M", "no amount"},
      {"qemu:pi4:0M", "no board has 0M"},
      {"qemu:pi4:63M", "no board has 63M"},
      {"qemu:pi4:65G", "no board has 65G"},
      {"qemu:pi4:65537M", "no board has 65537M"},
      {"qemu:pi4:99999999999999999999G", "no board has"},
  };
  for (const auto& [text, why] : cases) {
    const auto word = parse_device_word(text);
    ASSERT_FALSE(word) << text;
    EXPECT_EQ(word.error().code, ErrorCode::usage) << text;
    EXPECT_NE(word.error().message.find(why), std::string::npos) << text << ": " << word.error().message;
    EXPECT_FALSE(word.error().hint.empty()) << text;
  }
  EXPECT_NE(parse_device_word("shh:pi").error().hint.find("ssh"), std::string::npos);
  EXPECT_NE(parse_device_word("qemu:pi44").error().hint.find("pi4"), std::string::npos);
}

}  // namespace
}  // namespace thimble
