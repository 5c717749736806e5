#include "data/wav.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>

#include "data/resample.h"

namespace thimble {
namespace {

using Bytes = std::vector<uint8_t>;

void put(Bytes* out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<uint8_t>(value >> (8 * i)));
}
void put(Bytes* out, const char* word) { out->insert(out->end(), word, word + 4); }

Bytes chunk(const char* id, const Bytes& body) {
  Bytes out;
  put(&out, id);
  put(&out, body.size(), 4);
  out.insert(out.end(), body.begin(), body.end());
  if (body.size() % 2 == 1) out.push_back(0);
  return out;
}

Bytes layout(int tag, int channels, int bits, uint32_t rate = 16000) {
  Bytes f;
  put(&f, static_cast<uint64_t>(tag), 2);
  put(&f, static_cast<uint64_t>(channels), 2);
  put(&f, rate, 4);
  put(&f, rate * static_cast<uint32_t>(channels * bits / 8), 4);
  put(&f, static_cast<uint64_t>(channels * bits / 8), 2);
  put(&f, static_cast<uint64_t>(bits), 2);
  return f;
}

Bytes riff(const std::vector<Bytes>& chunks) {
  Bytes body;
  put(&body, "WAVE");
  for (const Bytes& c : chunks) body.insert(body.end(), c.begin(), c.end());
  Bytes out;
  put(&out, "RIFF");
  put(&out, body.size(), 4);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

Bytes wav(const Bytes& format_chunk, const Bytes& data) {
  return riff({chunk("fmt ", format_chunk), chunk("data", data)});
}

std::vector<float> samples_of(const Bytes& file) {
  const auto sound = decode_wav(file);
  EXPECT_TRUE(sound) << sound.error().message;
  return sound ? sound->samples : std::vector<float>();
}

std::string refusal(const Bytes& file) {
  const auto sound = decode_wav(file);
  EXPECT_FALSE(sound);
  if (sound) return "";
  EXPECT_EQ(sound.error().code, ErrorCode::bad_file);
  return sound.error().message;
}

TEST(Wav, ReadsEveryWidth) {
  using V = std::vector<float>;
  EXPECT_EQ(samples_of(wav(layout(1, 1, 8), {0, 128, 192})), (V{-1, 0, 0.5f}));
  EXPECT_EQ(samples_of(wav(layout(1, 1, 16), {0, 0x80, 1, 0, 0xff, 0xff})), (V{-1, 1 / 32768.0f, -1 / 32768.0f}));
  EXPECT_EQ(samples_of(wav(layout(1, 1, 24), {0, 0, 0x80, 0, 0, 0x40})), (V{-1, 0.5f}));
  EXPECT_EQ(samples_of(wav(layout(1, 1, 32), {0, 0, 0, 0x80, 0, 0, 0, 0x20})), (V{-1, 0.25f}));
  Bytes data;
  put(&data, std::bit_cast<uint32_t>(0.75f), 4);
  put(&data, std::bit_cast<uint32_t>(-1.5f), 4);  // above full scale is kept
  EXPECT_EQ(samples_of(wav(layout(3, 1, 32), data)), (V{0.75f, -1.5f}));
  data.clear();
  put(&data, std::bit_cast<uint64_t>(-0.125), 8);
  EXPECT_EQ(samples_of(wav(layout(3, 1, 64), data)), V{-0.125f});
}

TEST(Wav, ReadsExtensibleFilesAndAveragesChannels) {
  Bytes f = layout(0xfffe, 2, 16, 48000);
  put(&f, 22, 2);
  put(&f, 16, 2);
  put(&f, 3, 4);
  put(&f, 1, 2);
  for (const int b : {0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}) f.push_back(static_cast<uint8_t>(b));
  const Bytes file = wav(f, {0, 0x40, 0, 0x20, 0, 0x80, 0, 0, 9, 9});  // two frames, and half a frame
  const auto sound = decode_wav(file);
  ASSERT_TRUE(sound) << sound.error().message;
  EXPECT_EQ(sound->rate, 48000);
  EXPECT_EQ(sound->samples, (std::vector<float>{0.375f, -0.5f}));
  f[30] = 1;
  EXPECT_NE(refusal(wav(f, {0, 0, 0, 0})).find("subformat"), std::string::npos);
}

TEST(Wav, TakesChunksInAnyOrder) {
  const Bytes odd = chunk("LIST", {1, 2, 3}), data = chunk("data", {0, 0x40, 0});
  const Bytes f = chunk("fmt ", layout(1, 1, 16));
  EXPECT_EQ(samples_of(riff({odd, data, odd, f, odd})), std::vector<float>{0.5f});
  Bytes file = riff({f, data});
  put(&file, "LIST");  // a last chunk that is cut off says nothing that is needed
  put(&file, 1000, 4);
  EXPECT_EQ(samples_of(file), std::vector<float>{0.5f});
  EXPECT_EQ(decode_wav(riff({f, chunk("data", Bytes(64000))}), 1)->samples.size(), 16000u);
  EXPECT_EQ(decode_wav(riff({f, chunk("data", Bytes(64000))}), 1)->length, 32000);
}

TEST(Wav, TakesStreamsOfUnknownLength) {
  Bytes file = wav(layout(1, 1, 16), {0, 0x40, 0, 0x20});
  std::fill_n(file.begin() + 40, 4, 0xff);
  EXPECT_EQ(samples_of(file), (std::vector<float>{0.5f, 0.25f}));
}

TEST(Wav, SaysWhatIsWrong) {
  const Bytes good = wav(layout(1, 1, 16), {1, 2, 3, 4});
  EXPECT_NE(refusal({}).find("empty"), std::string::npos);
  EXPECT_NE(refusal({'O', 'g', 'g', 'S', 0, 0}).find("Ogg"), std::string::npos);
  EXPECT_NE(refusal({'R', 'I', 'F', 'X', 0, 0, 0, 0, 'W', 'A', 'V', 'E'}).find("big-endian"), std::string::npos);
  EXPECT_NE(refusal(riff({chunk("data", {1, 2})})).find("no fmt chunk"), std::string::npos);
  EXPECT_NE(refusal(riff({chunk("fmt ", layout(1, 1, 16))})).find("no data chunk"), std::string::npos);
  EXPECT_NE(refusal(wav(layout(1, 1, 16), {})).find("no samples"), std::string::npos);
  EXPECT_NE(refusal(wav(layout(1, 1, 16), {1})).find("no samples"), std::string::npos);
  EXPECT_NE(refusal(wav(Bytes(8), {1, 2})).find("fmt chunk has 8"), std::string::npos);
  EXPECT_NE(refusal(wav(layout(0x11, 1, 16), {1, 2})).find("IMA ADPCM"), std::string::npos);
  EXPECT_NE(refusal(wav(layout(7, 1, 8), {1, 2})).find("mu-law"), std::string::npos);
  EXPECT_NE(refusal(wav(layout(1, 1, 12), {1, 2})).find("12 bits"), std::string::npos);
  EXPECT_NE(refusal(wav(layout(3, 1, 16), {1, 2})).find("float samples of 16"), std::string::npos);
  EXPECT_NE(refusal(wav(layout(1, 0, 16), {1, 2})).find("0 channels"), std::string::npos);
  EXPECT_NE(refusal(wav(layout(1, 1, 16, 0), {1, 2})).find("rate of 0"), std::string::npos);
  EXPECT_NE(refusal(wav(layout(1, 1, 16, 0xffffffff), {1, 2})).find("rate of 4294967295"), std::string::npos);
  Bytes frame = layout(1, 2, 16);
  frame[12] = 2;
  EXPECT_NE(refusal(wav(frame, {1, 2, 3, 4})).find("4 are needed"), std::string::npos);
  Bytes lying = good;
  lying[40] = 200;
  EXPECT_NE(refusal(lying).find("claims 200 bytes, the file has 4 left"), std::string::npos);
  Bytes data;
  put(&data, std::bit_cast<uint32_t>(std::numeric_limits<float>::quiet_NaN()), 4);
  EXPECT_NE(refusal(wav(layout(3, 1, 32), data)).find("not a finite number"), std::string::npos);
  data.clear();
  put(&data, std::bit_cast<uint32_t>(12000.0f), 4);
  EXPECT_NE(refusal(wav(layout(3, 1, 32), data)).find("full scale"), std::string::npos);
  for (size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(decode_wav(std::span(good).first(n))) << n;
}

TEST(Resampler, KeepsTonesAndRemovesWhatTheRateCannotHold) {
  for (const int64_t from : {8000, 11025, 44100, 48000, 16001, 96000}) {
    std::vector<float> in(static_cast<size_t>(from));
    const auto tone = [](double hertz, double seconds) { return std::sin(2 * std::numbers::pi * hertz * seconds); };
    for (size_t i = 0; i < in.size(); ++i) {
      const double t = static_cast<double>(i) / static_cast<double>(from);
      in[i] = static_cast<float>(0.5 * tone(440, t) + (from > 24000 ? 0.4 * tone(11000, t) : 0));
    }
    const Resampler resampler(from, 16000);
    const std::vector<float> out = resampler.run(in, 1 << 20);
    EXPECT_EQ(out.size(), 16000u) << from;
    double worst = 0;
    for (size_t i = 200; i + 200 < out.size(); ++i)  // away from the silence around it
      worst = std::max(worst, std::abs(out[i] - 0.5 * tone(440, static_cast<double>(i) / 16000)));
    EXPECT_LT(worst, 1e-4) << from;
    const std::vector<float> first = resampler.run(in, 100);
    EXPECT_TRUE(std::equal(first.begin(), first.end(), out.begin())) << from;
  }
  EXPECT_EQ(Resampler(16000, 16000).run(std::vector<float>{1, 2, 3}, 2), (std::vector<float>{1, 2}));
  EXPECT_EQ(Resampler(1, 16000).run(std::vector<float>{1}, 10).size(), 10u);
  EXPECT_EQ(Resampler(1000000, 16000).run(std::vector<float>(1000), 100).size(), 16u);
}

}  // namespace
}  // namespace thimble
