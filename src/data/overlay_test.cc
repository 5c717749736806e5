// What is drawn over pictures: which pixels, in which colours, and that nothing beyond them is touched.
#include "data/overlay.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "data/bitmap_font.h"

namespace thimble {
namespace {

constexpr Colour kGround = {100, 100, 100};

Picture plain(int64_t height, int64_t width, int64_t channels = 3) {
  return {height, width, channels, std::vector<uint8_t>(static_cast<size_t>(height * width * channels), 100)};
}

Colour at(const Picture& p, int64_t y, int64_t x) {
  const uint8_t* v = &p.pixels[static_cast<size_t>((y * p.width + x) * 3)];
  return {v[0], v[1], v[2]};
}

Colour half(Colour c) {
  Colour mixed;
  for (size_t i = 0; i < 3; ++i) mixed[i] = static_cast<uint8_t>(std::lround(100 + (c[i] - 100) * 0.5));
  return mixed;
}

int64_t changed(const Picture& p) {
  int64_t n = 0;
  for (int64_t y = 0; y < p.height; ++y)
    for (int64_t x = 0; x < p.width; ++x) n += at(p, y, x) != kGround;
  return n;
}

TEST(BitmapFont, EveryGlyphIsEightRowsAndUnlikeTheOthers) {
  std::set<std::string_view> seen = {kUnknownGlyph};
  for (const std::string_view glyph : kGlyphs) {
    ASSERT_EQ(glyph.size(), static_cast<size_t>(kGlyphHeight * (kGlyphWidth + 1) - 1)) << glyph;
    for (size_t i = 0; i < glyph.size(); ++i) {
      const bool between = i % (kGlyphWidth + 1) == kGlyphWidth;
      EXPECT_TRUE(between ? glyph[i] == ' ' : glyph[i] == '.' || glyph[i] == '#') << glyph;
    }
    EXPECT_TRUE(seen.insert(glyph).second) << glyph;
  }
}

TEST(Canvas, TextStandsWhereItIsPutAndOtherCharactersAreBoxes) {
  Picture p = plain(20, 40);
  Canvas canvas(&p);
  const Colour red = {255, 0, 0};
  canvas.text(2, 3, "L", 2, red);  // the stem: column 0, rows 0 to 6; the foot: row 6
  EXPECT_EQ(at(p, 3, 2), red);
  EXPECT_EQ(at(p, 4, 3), red);
  EXPECT_EQ(at(p, 3, 4), kGround);
  EXPECT_EQ(at(p, 15, 11), red);
  EXPECT_EQ(at(p, 17, 2), kGround);
  EXPECT_EQ(changed(p), 4 * (7 + 4));
  EXPECT_EQ(Canvas::text_width("ab", 2), 22);
  EXPECT_EQ(Canvas::text_width("\u00e4b", 1), 11);  // two characters, three bytes
  Picture box = plain(8, 5), broken = plain(8, 5);
  Canvas(&box).text(0, 0, "\u00e4", 1, red);
  Canvas(&broken).text(0, 0, "\xff", 1, red);
  EXPECT_EQ(box.pixels, broken.pixels);
  EXPECT_EQ(at(box, 0, 0), red);
  EXPECT_EQ(at(box, 3, 2), kGround);
  EXPECT_EQ(at(box, 6, 4), red);
}

TEST(Canvas, WhatReachesBeyondThePictureIsCutOff) {
  Picture p = plain(10, 12);
  Canvas canvas(&p);
  canvas.text(-3, -2, "WWWW", 3, {0, 0, 0});
  canvas.frame(-5, -5, 40, 40, 2, {0, 0, 0});
  canvas.fill(8, 6, 1000, 1000, {9, 9, 9});
  canvas.line(-1e30, 5, 1e30, 5, 1, {1, 1, 1});
  canvas.disc(std::numeric_limits<double>::quiet_NaN(), 3, 2, {2, 2, 2});
  EXPECT_EQ(p.pixels.size(), 10u * 12 * 3);
  EXPECT_EQ(at(p, 9, 11), (Colour{9, 9, 9}));
}

TEST(Overlay, ABoxIsAFrameWithItsNameOnIt) {
  Picture p = plain(60, 90);
  const DrawnBox boxes[] = {{20, 30, 70, 50, 1, "cat"}};
  draw_boxes(boxes, &p);
  const Colour sky = distinct_colour(1);
  for (const auto& [y, x] : {std::pair(30, 20), {30, 69}, {49, 20}, {49, 69}, {40, 20}, {49, 45}})
    EXPECT_EQ(at(p, y, x), sky) << y << ' ' << x;
  EXPECT_EQ(at(p, 40, 45), kGround);  // inside
  EXPECT_EQ(at(p, 50, 45), kGround);  // below
  EXPECT_EQ(at(p, 40, 19), kGround);
  EXPECT_EQ(at(p, 20, 20), sky);  // the label: 10 rows above the frame, as wide as its text and a dot on both sides
  EXPECT_EQ(at(p, 20, 38), sky);
  EXPECT_EQ(at(p, 19, 20), kGround);
  EXPECT_EQ(at(p, 20, 40), kGround);
  EXPECT_EQ(at(p, 23, 22), (Colour{0, 0, 0}));  // c begins with its row 2
}

TEST(Overlay, BoxesAtTheEdgeBeyondItOrBrokenHarmNothing) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  Picture p = plain(30, 40);
  const DrawnBox beside[] = {{-50, 2, -3, 9, 0, "left of it"}, {45, 2, 60, 9, 0, "right"}, {1, 31, 9, 40, 0, "below"}};
  draw_boxes(beside, &p);
  EXPECT_EQ(changed(p), 0);
  const DrawnBox odd[] = {{-inf, -inf, inf, inf, 2, "everything"},
                          {nan, nan, nan, nan, 3, "nothing"},
                          {1e300, -1e300, 1e301, 1e300, 4, "far"},
                          {0, 0, 40, 30, 5, "a name that is much wider than the picture it stands in"}};
  draw_boxes(odd, &p);
  EXPECT_EQ(p.height, 30);
  EXPECT_EQ(at(p, 0, 0), distinct_colour(2));  // the first is on top; no room above: its name stands inside
  Picture grey = plain(30, 40, 1);
  draw_boxes({}, &grey);
  EXPECT_EQ(grey.channels, 3);
  EXPECT_EQ(changed(grey), 0);
}

TEST(Overlay, AMaskIsStretchedOverThePictureHalfTransparent) {
  Picture p = plain(20, 60);  // not square, and the mask has another shape
  draw_mask({2, 3, {0, -1, 2, 1, 1, -1}, {}}, &p);
  EXPECT_EQ(at(p, 0, 0), half(distinct_colour(0)));
  EXPECT_EQ(at(p, 9, 19), half(distinct_colour(0)));
  EXPECT_EQ(at(p, 9, 20), kGround);
  EXPECT_EQ(at(p, 0, 40), half(distinct_colour(2)));
  EXPECT_EQ(at(p, 10, 0), half(distinct_colour(1)));
  EXPECT_EQ(at(p, 19, 39), half(distinct_colour(1)));
  EXPECT_EQ(at(p, 19, 40), kGround);
}

TEST(Overlay, ClassesThatShareAColourDifferInPattern) {
  std::set<std::vector<uint8_t>> seen;
  for (int32_t index = 0; index < 21; ++index) {
    Picture p = plain(16, 16);
    draw_mask({1, 1, {index}, {}}, &p);
    EXPECT_TRUE(seen.insert(p.pixels).second) << index;
  }
}

TEST(Overlay, TheLegendStandsWhereTheMaskIsNot) {
  DrawnMask mask{2, 2, {0, 0, 0, -1}, {{0, "sea"}}};
  Picture p = plain(100, 100);
  draw_mask(mask, &p);
  EXPECT_NE(at(p, 98, 98), kGround);  // lower right: the legend's paper
  EXPECT_EQ(at(p, 55, 55), kGround);
  EXPECT_EQ(at(p, 98, 2), half(distinct_colour(0)));
  mask.legend[0].label = "a name that does not fit into half of the picture";
  Picture without = plain(100, 100);
  draw_mask(mask, &without);
  EXPECT_EQ(at(without, 98, 98), kGround);
}

TEST(Overlay, PointsAreDiscsAndLinesJoinThoseThatAreShown) {
  Picture p = plain(50, 50);
  const Colour red = {200, 0, 0}, green = {0, 200, 0};
  const DrawnPoint points[] = {{10, 10, true, red}, {40, 10, true, red}, {40, 40, false, red}};
  const DrawnLine lines[] = {{0, 1, green}, {1, 2, green}, {0, 7, green}};
  draw_points(points, lines, &p);
  EXPECT_EQ(at(p, 10, 10), red);
  EXPECT_EQ(at(p, 10, 25), green);
  EXPECT_EQ(at(p, 40, 40), kGround);
  EXPECT_EQ(at(p, 25, 40), kGround);
}

}  // namespace
}  // namespace thimble
