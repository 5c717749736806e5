#include "base/archive.h"

#include <gtest/gtest.h>

#include <cmath>

namespace thimble {
namespace {

struct Inner {
  int32_t number = 0;
  std::string text;
  bool operator==(const Inner&) const = default;
};
template <class Stream>
void transfer(Stream& s, Inner& v) {
  s(v.number, v.text);
}

struct Outer {
  double real = 0;
  float narrow = 0;
  bool flag = false;
  std::vector<float> floats;
  std::vector<Inner> inner;
  std::vector<std::string> words;
  std::map<std::string, std::vector<uint8_t>> blobs;
  bool operator==(const Outer&) const = default;
};
template <class Stream>
void transfer(Stream& s, Outer& v) {
  s(v.real, v.narrow, v.flag, v.floats, v.inner, v.words, v.blobs);
}

Outer sample() {
  return {1.0 / 3, 2.5f, true, {1, -2, 3e-38f}, {{-7, "seven"}, {1, ""}}, {"a", "", "bc"}, {{"x", {1, 2}}, {"y", {}}}};
}

TEST(Archive, GivesBackWhatWentIn) {
  Outer before = sample(), after;
  ArchiveOut out;
  out(before);
  ArchiveIn in(out.bytes);
  in(after);
  EXPECT_TRUE(in.ok);
  EXPECT_TRUE(in.at_end());
  EXPECT_EQ(before, after);
}

TEST(Archive, EveryShortInputIsNoticed) {
  Outer before = sample();
  ArchiveOut out;
  out(before);
  for (size_t n = 0; n < out.bytes.size(); ++n) {
    ArchiveIn in(std::span<const uint8_t>(out.bytes).first(n));
    Outer after;
    in(after);
    EXPECT_FALSE(in.ok) << n;
  }
}

TEST(Archive, ImpossibleCountsAllocateNothing) {
  for (const uint64_t count : {uint64_t{1} << 62, ~uint64_t{0}, uint64_t{3}}) {
    ArchiveOut out;
    uint64_t n = count;
    out(n);
    std::vector<Inner> inner;
    std::vector<float> floats;
    std::string text;
    ArchiveIn a(out.bytes), b(out.bytes), c(out.bytes);
    a(inner);
    b(floats);
    c(text);
    EXPECT_FALSE(a.ok || b.ok || c.ok);
    EXPECT_TRUE(inner.empty() && floats.empty() && text.empty());
  }
}

}  // namespace
}  // namespace thimble
