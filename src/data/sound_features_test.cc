#include "data/sound_features.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/c99_micro_speech.h"
#include "base/random.h"
#include "data/npy.h"

namespace thimble {
namespace {

constexpr int64_t kSamples = 16000, kFrames = 49;

// The sounds of scripts/goldens/audio_goldens.py: a rule of whole numbers.
std::vector<std::vector<int16_t>> sounds() {
  const auto noise = [](uint64_t stream, int64_t i, int64_t amplitude) {
    return static_cast<int64_t>(random_bits(7, stream, static_cast<uint64_t>(i)) %
                                static_cast<uint64_t>(2 * amplitude + 1)) -
           amplitude;
  };
  const auto triangle = [](int64_t phase) { return std::abs((phase & 65535) - 32768) - 16384; };
  const auto floor_div = [](int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); };
  std::vector<std::vector<int16_t>> out(5);
  for (int64_t i = 0; i < kSamples; ++i) {
    const auto glide = [&](int64_t f, int64_t to) {
      return (i * f + floor_div(i * i * (to - f), 2 * kSamples)) * 65536 / kSamples;
    };
    const int64_t envelope = std::min({i, kSamples - i, int64_t{3000}});
    const int64_t tones =
        triangle(glide(140, 180)) + floor_div(triangle(glide(700, 350)), 2) + floor_div(triangle(glide(1200, 2300)), 3);
    const int64_t values[] = {floor_div(tones * envelope, 4500) + noise(0, i, 40), noise(1, i, 32767), noise(2, i, 3),
                              i / 20 % 2 == 0 ? 32767 : -32768, i == 8000 ? -20000 : 0};
    for (size_t s = 0; s < 5; ++s) out[s].push_back(static_cast<int16_t>(values[s]));
  }
  return out;
}

std::vector<float> as_floats(const std::vector<int16_t>& sound) {
  std::vector<float> out;
  for (const int16_t v : sound) out.push_back(static_cast<float>(v) / 32768.0f);
  return out;
}

TEST(SoundFeatures, TheSoundsAreThoseOfTheGoldens) {
  const auto index = nlohmann::json::parse(std::ifstream("tests/goldens/audio/index.json"));
  const auto made = sounds();
  for (size_t s = 0; s < made.size(); ++s) {
    int64_t sum = 0, weighted = 0;
    for (int64_t i = 0; i < kSamples; ++i) {
      sum += made[s][static_cast<size_t>(i)];
      weighted += made[s][static_cast<size_t>(i)] * i;
    }
    EXPECT_EQ(sum, index["sums"][s].get<int64_t>()) << s;
    EXPECT_EQ(weighted, index["weighted_sums"][s].get<int64_t>()) << s;
  }
}

TEST(SoundFeatures, MicroSpeechIsTensorFlowsToTheBit) {
  const auto golden = read_npy("tests/goldens/audio/micro_speech.npy");
  ASSERT_TRUE(golden) << golden.error().message;
  const std::vector<int64_t> wanted = *golden->as_integers();
  ASSERT_EQ(golden->shape, (std::vector<int64_t>{5, kFrames, 40}));
  size_t at = 0;
  for (const auto& sound : sounds()) {
    const size_t first = at;
    uint32_t noise[THIMBLE_MS_CHANNELS] = {};
    int16_t work[THIMBLE_MS_WORK];
    uint16_t row[THIMBLE_MS_CHANNELS];
    for (int64_t f = 0; f < kFrames; ++f) {
      thimble_micro_speech_frame(noise, sound.data() + f * THIMBLE_MS_STEP, work, row);
      for (const uint16_t v : row) ASSERT_EQ(v, wanted[at++]) << "value " << at - 1;
    }
    // Through the reader's floats too, and as the bytes that a network takes: value · 256 / 666, rounded.
    std::vector<uint8_t> bytes;
    std::vector<float> none;
    SoundFeatureMaker(SoundFeatures::micro_speech).run(as_floats(sound), kFrames, &bytes, &none);
    ASSERT_EQ(bytes.size(), static_cast<size_t>(kFrames * 40));
    for (size_t i = 0; i < bytes.size(); ++i)
      ASSERT_EQ(bytes[i], std::min<int64_t>(255, (wanted[first + i] * 256 + 333) / 666)) << i;
    EXPECT_TRUE(none.empty());
  }
}

void expect_floats(SoundFeatures features, double tolerance) {
  const auto golden = read_npy(format("tests/goldens/audio/{}.npy", name(features)));
  ASSERT_TRUE(golden) << golden.error().message;
  const std::vector<float> wanted = golden->as_floats();
  const SoundFeatureMaker maker(features);
  std::vector<uint8_t> none;
  std::vector<float> made;
  for (const auto& sound : sounds()) maker.run(as_floats(sound), kFrames, &none, &made);
  ASSERT_EQ(made.size(), wanted.size());
  for (size_t i = 0; i < made.size(); ++i) ASSERT_NEAR(made[i], wanted[i], tolerance) << i;
  EXPECT_TRUE(none.empty());
}
TEST(SoundFeatures, MfccTinyIsTensorFlows) { expect_floats(SoundFeatures::mfcc_tiny, 2e-3); }
TEST(SoundFeatures, LfbeTinyIsTensorFlows) { expect_floats(SoundFeatures::lfbe_tiny, 1e-4); }

TEST(SoundFeatures, SilenceAndShortSoundsAreFinite) {
  for (const SoundFeatures features : {SoundFeatures::mfcc_tiny, SoundFeatures::lfbe_tiny, SoundFeatures::micro_speech})
    for (const size_t length : {0, 1, 700}) {
      std::vector<uint8_t> bytes;
      std::vector<float> floats;
      SoundFeatureMaker(features).run(std::vector<float>(length), 3, &bytes, &floats);
      const auto shape = *sound_shape(features, {});
      EXPECT_EQ(static_cast<int64_t>(bytes.size() + floats.size()), 3 * shape[1]);
      for (const float v : floats) EXPECT_TRUE(std::isfinite(v));
    }
}

TEST(SoundFeatures, LoudSoundsAreClippedNotWrapped) {
  std::vector<uint8_t> loud, full;
  std::vector<float> none, clipped(16000), beyond(16000);
  for (size_t i = 0; i < beyond.size(); ++i) {
    beyond[i] = i / 20 % 2 == 0 ? 3.0f : -3.0f;
    clipped[i] = i / 20 % 2 == 0 ? 1.0f : -1.0f;
  }
  SoundFeatureMaker(SoundFeatures::micro_speech).run(beyond, kFrames, &loud, &none);
  SoundFeatureMaker(SoundFeatures::micro_speech).run(clipped, kFrames, &full, &none);
  EXPECT_EQ(loud, full);
}

TEST(SoundFeatures, ShapesSayHowLongASoundIs) {
  using Shape = std::vector<int64_t>;
  const auto shape = [](SoundFeatures f, const Shape& wanted) {
    const auto got = sound_shape(f, wanted);
    return got ? *got : Shape();
  };
  EXPECT_EQ(shape(SoundFeatures::mfcc_tiny, {}), (Shape{49, 10, 1}));
  EXPECT_EQ(shape(SoundFeatures::mfcc_tiny, {49, 10, 1}), (Shape{49, 10, 1}));
  EXPECT_EQ(shape(SoundFeatures::mfcc_tiny, {490}), (Shape{49, 10, 1}));
  EXPECT_EQ(shape(SoundFeatures::micro_speech, {99, 40}), (Shape{99, 40, 1}));
  EXPECT_EQ(shape(SoundFeatures::micro_speech, {1960}), (Shape{49, 40, 1}));
  EXPECT_EQ(sound_samples(49), 16000);
  EXPECT_EQ(sound_samples(99), 32000);
  for (const Shape& bad :
       {Shape{49, 11, 1}, Shape{10, 49, 1}, Shape{491}, Shape{5000, 10}, Shape{0, 10}, Shape{7, 7, 10}})
    EXPECT_FALSE(sound_shape(SoundFeatures::mfcc_tiny, bad));
  EXPECT_EQ(*parse_sound_features("lfbe_tiny"), SoundFeatures::lfbe_tiny);
  const auto misspelt = parse_sound_features("micro_spech");
  ASSERT_FALSE(misspelt);
  EXPECT_NE(misspelt.error().hint.find("micro_speech"), std::string::npos);
}

}  // namespace
}  // namespace thimble
