#include "data/augment.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <set>

namespace thimble {
namespace {

std::vector<uint8_t> spot(int64_t h, int64_t w, int64_t y, int64_t x) {
  std::vector<uint8_t> p(static_cast<size_t>(h * w));
  p[static_cast<size_t>(y * w + x)] = 200;
  return p;
}

TEST(Augment, WholePixelShiftMovesWithoutBlur) {
  Augment what;
  what.shift = 2;
  Augmenter augmenter(what, 9, 9, 1);
  const auto in = spot(9, 9, 4, 4);
  std::vector<float> out(81);
  std::set<size_t> places;
  for (int64_t sample = 0; sample < 500; ++sample) {
    augmenter.run(in.data(), out.data(), 1, 0, sample);
    size_t at = 81;
    for (size_t i = 0; i < 81; ++i)
      if (out[i] != 0) {
        EXPECT_EQ(at, 81u);
        EXPECT_EQ(out[i], 200.0f);
        at = i;
      }
    places.insert(at);
  }
  EXPECT_EQ(places.size(), 25u);  // 5 × 5 places, all met
  EXPECT_EQ(*places.begin(), 2u * 9 + 2);
  EXPECT_EQ(*places.rbegin(), 6u * 9 + 6);
}

TEST(Augment, IsAPureFunctionOfSeedEpochSample) {
  Augment what;
  what.shift = 2;
  what.rotate = 15;
  what.scale = 0.1f;
  what.elastic = 1;
  what.noise = 0.05f;
  what.erase = 0.5f;
  what.thicken = 0.5f;
  Augmenter one(what, 28, 28, 1), other(what, 28, 28, 1);
  const auto in = spot(28, 28, 14, 12);
  std::vector<float> a(784), b(784);
  for (int64_t i = 0; i < 10; ++i) other.run(in.data(), b.data(), 5, 2, i);
  one.run(in.data(), a.data(), 5, 2, 9);
  EXPECT_EQ(a, b);
  one.run(in.data(), a.data(), 5, 3, 9);
  EXPECT_NE(a, b);
}

// A rotation by an angle and the same rotation of the point agree; nothing moves for sizes of 0.
TEST(Augment, RotationKeepsTheCentreAndTheRadius) {
  Augment what;
  what.rotate = 30;
  Augmenter augmenter(what, 29, 29, 1);
  std::vector<float> out(29 * 29);
  double widest = 0;
  for (int64_t sample = 0; sample < 100; ++sample) {
    const auto centre = spot(29, 29, 14, 14);
    augmenter.run(centre.data(), out.data(), 3, 0, sample);
    EXPECT_NEAR(out[14 * 29 + 14], 200.0f, 0.01f);
    const auto right = spot(29, 29, 14, 24);
    augmenter.run(right.data(), out.data(), 3, 0, sample);
    double y = 0, x = 0, mass = 0;
    for (int i = 0; i < 29 * 29; ++i) {
      mass += out[static_cast<size_t>(i)];
      y += out[static_cast<size_t>(i)] * static_cast<float>(i / 29 - 14);
      x += out[static_cast<size_t>(i)] * static_cast<float>(i % 29 - 14);
    }
    ASSERT_GT(mass, 50);
    EXPECT_NEAR(std::hypot(y / mass, x / mass), 10, 0.6);
    widest = std::max(widest, std::abs(std::atan2(y, x) * 180 / M_PI));
  }
  EXPECT_GT(widest, 25);
  EXPECT_LT(widest, 33);
}

TEST(Augment, FlipMirrorsHalfOfThePictures) {
  Augment what;
  what.flip = true;
  Augmenter augmenter(what, 4, 6, 1);
  const auto in = spot(4, 6, 1, 0);
  std::vector<float> out(24);
  int flipped = 0;
  for (int64_t sample = 0; sample < 1000; ++sample) {
    augmenter.run(in.data(), out.data(), 1, 0, sample);
    const bool mirror = std::abs(out[6 + 5] - 200.0f) < 1e-3f, same = std::abs(out[6] - 200.0f) < 1e-3f;
    EXPECT_NE(mirror, same);
    flipped += mirror;
  }
  EXPECT_NEAR(flipped, 500, 60);
}

TEST(Augment, RangesAreChecked) {
  Augment what;
  EXPECT_TRUE(what.check());
  EXPECT_FALSE(what.any());
  what.rotate = -1;
  EXPECT_EQ(what.check().error().code, ErrorCode::usage);
  what = {};
  what.erase = 1.5f;
  EXPECT_FALSE(what.check());
  what = {};
  what.noise = std::nanf("");
  EXPECT_FALSE(what.check());
}

TEST(Augment, ShiftLargerThanThePicture) {
  Augment what;
  what.shift = 50;
  Augmenter augmenter(what, 5, 5, 3);
  std::vector<uint8_t> in(75, 9);
  std::vector<float> out(75);
  for (int64_t sample = 0; sample < 200; ++sample) augmenter.run(in.data(), out.data(), 1, 0, sample);
  what.rotate = 180;
  Augmenter turning(what, 5, 5, 3);
  for (int64_t sample = 0; sample < 200; ++sample) turning.run(in.data(), out.data(), 1, 0, sample);
  for (float v : out) EXPECT_GE(v, 0.0f);
}

// Not a gate (machines differ): the rates are printed, and only absurd slowness fails.
TEST(Augment, Rate) {
  const auto in = spot(28, 28, 14, 12);
  std::vector<float> out(784);
  Augment shift, affine, elastic;
  shift.shift = affine.shift = elastic.shift = 2;
  affine.rotate = elastic.rotate = 10;
  affine.scale = 0.1f;
  elastic.elastic = 1;
  for (const Augment& what : {shift, affine, elastic}) {
    Augmenter augmenter(what, 28, 28, 1);
    const auto start = std::chrono::steady_clock::now();
    for (int64_t i = 0; i < 5000; ++i) augmenter.run(in.data(), out.data(), 1, 0, i);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    RecordProperty("images_per_s", std::to_string(5000 / seconds));
    std::printf("%.0f images/s\n", 5000 / seconds);
    EXPECT_LT(seconds, 5);
  }
}

}  // namespace
}  // namespace thimble
