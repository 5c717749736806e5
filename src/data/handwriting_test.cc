#include "data/handwriting.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/sources.h"

namespace thimble {
namespace {

// A seven of two strokes with the given pen width, drawn with a soft edge of one pixel.
Picture seven(int64_t h, int64_t w, float size, float pen, float oy, float ox, float ink, float paper,
              float light = 0) {
  Picture p{h, w, 1, std::vector<uint8_t>(static_cast<size_t>(h * w))};
  const float pts[3][2] = {{0.05f, 0.1f}, {0.05f, 0.7f}, {1.0f, 0.35f}};  // y, x
  for (int64_t y = 0; y < h; ++y)
    for (int64_t x = 0; x < w; ++x) {
      float nearest = 1e9f;
      for (int s = 0; s < 2; ++s) {
        const float ay = oy + pts[s][0] * size, ax = ox + pts[s][1] * size, by = oy + pts[s + 1][0] * size,
                    bx = ox + pts[s + 1][1] * size;
        const float py = static_cast<float>(y) - ay, px = static_cast<float>(x) - ax, dy = by - ay, dx = bx - ax;
        const float t = std::clamp((py * dy + px * dx) / (dy * dy + dx * dx), 0.0f, 1.0f);
        nearest = std::min(nearest, std::hypot(py - t * dy, px - t * dx));
      }
      const float cover = std::clamp(pen / 2 - nearest + 0.5f, 0.0f, 1.0f);
      const float bright = 1 + light * (static_cast<float>(x) / static_cast<float>(w) - 0.5f);
      p.pixels[static_cast<size_t>(y * w + x)] =
          static_cast<uint8_t>(std::clamp((paper + (ink - paper) * cover) * bright, 0.0f, 255.0f));
    }
  return p;
}

double difference(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  double sum = 0, norm = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::pow(a[i] - b[i], 2), norm += std::pow(a[i], 2);
  return std::sqrt(sum / norm);
}

void expect_convention(const std::vector<uint8_t>& p) {
  ASSERT_EQ(p.size(), 784u);
  double mass = 0, y = 0, x = 0;
  int64_t top = 28, bottom = -1, left = 28, right = -1;
  for (int64_t i = 0; i < 784; ++i) {
    const double v = p[static_cast<size_t>(i)];
    mass += v, y += v * static_cast<double>(i / 28), x += v * static_cast<double>(i % 28);
    if (v < 100) continue;
    top = std::min(top, i / 28), bottom = std::max(bottom, i / 28), left = std::min(left, i % 28),
    right = std::max(right, i % 28);
  }
  ASSERT_GT(mass, 0);
  EXPECT_NEAR(y / mass, 14, 0.1);
  EXPECT_NEAR(x / mass, 14, 0.1);
  EXPECT_NEAR(static_cast<double>(std::max(bottom - top, right - left) + 1), 20, 1);
  EXPECT_GT(stroke_width(p.data()), 1.8f);
  EXPECT_LT(stroke_width(p.data()), 3.4f);
}

TEST(Handwriting, ManyKindsOfPicturesGiveTheSameDigit) {
  const auto reference = prepare_handwriting(seven(100, 100, 70, 9, 15, 20, 0, 255));
  expect_convention(reference);
  const struct {
    const char* what;
    Picture picture;
  } rows[] = {
      {"light on dark", seven(100, 100, 70, 9, 15, 20, 255, 0)},
      {"grey ink, uneven light", seven(140, 120, 70, 9, 15, 20, 90, 190, 0.5f)},
      {"small in a corner of a large sheet", seven(600, 800, 70, 9, 500, 30, 20, 240, 0.3f)},
      {"large", seven(1500, 1200, 1050, 135, 225, 200, 0, 255)},
      {"tiny", seven(20, 20, 14, 1.8f, 3, 4, 0, 255)},
      {"thin pen", seven(200, 200, 140, 1.5f, 30, 40, 0, 255)},
      {"hair line in a large picture", seven(1200, 1200, 900, 2, 150, 200, 0, 255)},
      {"marker", seven(100, 100, 70, 16, 15, 20, 0, 255)},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    const auto prepared = prepare_handwriting(row.picture);
    expect_convention(prepared);
    EXPECT_LT(difference(reference, prepared), 0.6);
  }
}

TEST(Handwriting, SpecksFramesAndNoiseAreLeftOut) {
  const auto reference = prepare_handwriting(seven(120, 120, 70, 9, 25, 30, 0, 255));
  Picture p = seven(120, 120, 70, 9, 25, 30, 40, 220);
  uint32_t state = 1;
  for (uint8_t& v : p.pixels) {
    state = state * 1664525u + 1013904223u;
    v = static_cast<uint8_t>(std::clamp(static_cast<int>(v) + static_cast<int>(state >> 28) - 8, 0, 255));
  }
  for (int64_t i = 0; i < 120; ++i)  // a dark frame along two sides
    for (int64_t k = 0; k < 3; ++k)
      p.pixels[static_cast<size_t>(i * 120 + k)] = p.pixels[static_cast<size_t>(k * 120 + i)] = 60;
  for (int64_t i = 0; i < 2; ++i) p.pixels[static_cast<size_t>((100 + i) * 120 + 20)] = 30;  // a speck
  const auto prepared = prepare_handwriting(p);
  expect_convention(prepared);
  EXPECT_LT(difference(reference, prepared), 0.35);
}

TEST(Handwriting, HardShadowAndTableEdge) {
  const auto reference = prepare_handwriting(seven(160, 160, 90, 11, 35, 40, 0, 255));
  Picture shadow = seven(160, 160, 90, 11, 35, 40, 30, 235);
  for (int64_t y = 0; y < 160; ++y)
    for (int64_t x = 0; x < 160; ++x)
      if (x + y > 175) {
        uint8_t& v = shadow.pixels[static_cast<size_t>(y * 160 + x)];
        v = static_cast<uint8_t>(v * 62 / 100);
      }
  Picture table = seven(160, 160, 90, 11, 35, 40, 30, 235);  // a dark table beside and below the sheet
  for (int64_t y = 0; y < 160; ++y)
    for (int64_t x = 0; x < 160; ++x)
      if (x < 14 || y > 150) table.pixels[static_cast<size_t>(y * 160 + x)] = 60;
  for (const Picture& p : {shadow, table}) {
    const auto prepared = prepare_handwriting(p);
    expect_convention(prepared);
    EXPECT_LT(difference(reference, prepared), 0.45);
  }
}

TEST(Handwriting, BlankSheetsStayBlank) {
  for (const uint8_t v : std::vector<uint8_t>{0, 128, 255}) {
    const Picture p{50, 70, 1, std::vector<uint8_t>(3500, v)};
    EXPECT_EQ(prepare_handwriting(p), std::vector<uint8_t>(784)) << static_cast<int>(v);
  }
  for (int64_t side : {1, 2, 3}) {
    const Picture p{side, side, 3, std::vector<uint8_t>(static_cast<size_t>(3 * side * side), 77)};
    EXPECT_EQ(prepare_handwriting(p).size(), 784u);
  }
}

TEST(Handwriting, MnistPicturesAreTakenAsTheyAre) {
  OpenOptions options;
  options.data_dir = "datasets";
  auto sets = open_splits("mnist", options);
  ASSERT_TRUE(sets) << sets.error().to_string();
  for (int64_t i = 0; i < 200; ++i) {
    Picture p{28, 28, 1, std::vector<uint8_t>(sets->test.bytes(i), sets->test.bytes(i) + 784)};
    EXPECT_EQ(prepare_handwriting(p), p.pixels);
  }
}

TEST(Handwriting, TheDigitsSetFollowsTheConvention) {
  OpenOptions options;
  options.data_dir = "datasets";
  auto sets = open_splits("digits", options);
  ASSERT_TRUE(sets) << sets.error().to_string();
  ASSERT_EQ(sets->test.size(), 300);
  EXPECT_TRUE(sets->train.empty());
  EXPECT_EQ(sets->test.samples().sample_names.at(0), "0_00.png");
  EXPECT_NE(sets->test.label(0), sets->test.label(1));  // the first few are of several classes
  int64_t per_class[10] = {};
  for (int64_t i = 0; i < 300; ++i) {
    SCOPED_TRACE(sets->test.sample_name(i));
    ++per_class[sets->test.label(i)];
    expect_convention({sets->test.bytes(i), sets->test.bytes(i) + 784});
  }
  for (int64_t n : per_class) EXPECT_EQ(n, 30);
}

}  // namespace
}  // namespace thimble
