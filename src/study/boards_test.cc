#include "study/boards.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace thimble {
namespace {

constexpr const char* kBoard =
    "[[board]]\nname = \"mine\"\ncore = \"cortex-m4\"\nmhz = 80\nflash = 100000\nram = 20000\n";

std::string refusal(const std::string& text) {
  const auto boards = parse_boards(text, "my.toml");
  EXPECT_FALSE(boards) << text;
  if (boards) return {};
  EXPECT_EQ(boards.error().code, ErrorCode::usage);
  return boards.error().to_string();
}

TEST(Boards, KnownOnesAreWholeAndHaveNamesOfTheirOwn) {
  const std::vector<Board>& boards = known_boards();
  ASSERT_GE(boards.size(), 20u);
  for (const Board& b : boards) {
    EXPECT_NE(b.core, nullptr) << b.name;
    EXPECT_GT(b.flash, b.ram) << b.name;
    EXPECT_EQ(std::ranges::count(boards, b.name, &Board::name), 1) << b.name;
  }
  const auto uno = find_boards("uno-r3");
  ASSERT_TRUE(uno);
  EXPECT_EQ(uno->at(0).ram, 2048);
  EXPECT_FALSE(uno->at(0).fpu);
  EXPECT_TRUE(find_boards("portenta-h7")->at(0).fpu);
  EXPECT_EQ(find_boards("all")->size(), boards.size());
}

TEST(Boards, AFileOfOnesOwn) {
  const auto boards = parse_boards(std::string(kBoard) + "fpu = false\ncache = 16384\n", "my.toml");
  ASSERT_TRUE(boards) << boards.error().to_string();
  EXPECT_EQ(boards->at(0).title, "mine");
  EXPECT_FALSE(boards->at(0).fpu);
  EXPECT_EQ(boards->at(0).cache, 16384);
  EXPECT_TRUE(parse_boards(kBoard, "my.toml")->at(0).fpu);
}

TEST(Boards, MistakesAreNamedWithTheirPlace) {
  EXPECT_NE(refusal("").find("no boards"), std::string::npos);
  EXPECT_NE(refusal("board = 3\n").find("line 1"), std::string::npos);
  const std::string key = refusal(std::string(kBoard) + "flahs = 3\n");
  EXPECT_NE(key.find("line 7"), std::string::npos) << key;
  EXPECT_NE(key.find("'flash'"), std::string::npos) << key;
  const std::string core = refusal("[[board]]\nname = \"a\"\ncore = \"cortex-m5\"\nmhz = 1\nflash = 1\nram = 1\n");
  EXPECT_NE(core.find("cortex-m"), std::string::npos) << core;
  EXPECT_NE(core.find("line 3"), std::string::npos) << core;
  EXPECT_NE(refusal("[[board]]\nname = \"a\"\ncore = \"avr\"\nmhz = 1\nflash = 1\n").find("has no ram"),
            std::string::npos);
  EXPECT_NE(refusal(std::string(kBoard) + kBoard).find("two boards"), std::string::npos);
  EXPECT_NE(refusal("[[board]]\nname = \"a b\"\ncore = \"avr\"\nmhz = 1\nflash = 1\nram = 1\n").find("no name"),
            std::string::npos);
  EXPECT_NE(
      refusal("[[board]]\nname = \"a\"\ncore = \"avr\"\nmhz = 1\nflash = 1\nram = 1\nfpu = true\n").find("floating"),
      std::string::npos);
  EXPECT_NE(refusal("[[board]]\nname = \"a\"\ncore = \"avr\"\nmhz = -1\nflash = 1\nram = 1\n").find("mhz"),
            std::string::npos);
}

TEST(Boards, UnknownWordsGetTheNearest) {
  const auto boards = find_boards("portenta-h8");
  ASSERT_FALSE(boards);
  EXPECT_EQ(boards.error().code, ErrorCode::usage);
  EXPECT_NE(boards.error().hint.find("portenta-h7"), std::string::npos);
  EXPECT_EQ(find_boards("no/such.toml").error().code, ErrorCode::bad_file);
}

}  // namespace
}  // namespace thimble
