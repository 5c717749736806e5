#include "data/sound_features.h"

#include <algorithm>
#include <cmath>
#include <kissfft/kissfft.hh>
#include <numbers>

#include "base/c99_micro_speech.h"
#include "base/suggest.h"

namespace thimble {
namespace {

constexpr int64_t kWindow = THIMBLE_MS_WINDOW, kStep = THIMBLE_MS_STEP, kMostFrames = 60 * kSoundRate / kStep - 1;
constexpr int kPoints = 512, kBins = kPoints / 2 + 1, kBands = 40, kCoefficients = 10;

struct Kind {
  SoundFeatures features;
  const char* word;
  int64_t values;  // of a row
};
constexpr Kind kKinds[] = {{SoundFeatures::mfcc_tiny, "mfcc_tiny", kCoefficients},
                           {SoundFeatures::lfbe_tiny, "lfbe_tiny", kBands},
                           {SoundFeatures::micro_speech, "micro_speech", THIMBLE_MS_CHANNELS}};

// HTK's scale.
double mel(double hertz) { return 1127 * std::log(1 + hertz / 700); }

void micro_speech_rows(std::span<const float> sound, int64_t frames, std::vector<uint8_t>* bytes) {
  std::vector<int16_t> samples(static_cast<size_t>(sound_samples(frames)));
  for (size_t i = 0; i < std::min(samples.size(), sound.size()); ++i)
    samples[i] = static_cast<int16_t>(std::lrint(std::clamp(sound[i] * 32768.0f, -32768.0f, 32767.0f)));
  uint32_t noise[THIMBLE_MS_CHANNELS] = {};
  int16_t work[THIMBLE_MS_WORK];
  uint16_t row[THIMBLE_MS_CHANNELS];
  for (int64_t f = 0; f < frames; ++f) {
    thimble_micro_speech_frame(noise, samples.data() + f * kStep, work, row);
    for (const uint16_t v : row) bytes->push_back(static_cast<uint8_t>(thimble_micro_speech_byte(v) + 128));
  }
}

}  // namespace

const char* name(SoundFeatures features) {
  for (const Kind& kind : kKinds)
    if (kind.features == features) return kind.word;
  return "";
}

std::vector<std::string> sound_feature_words() {
  std::vector<std::string> words;
  for (const Kind& kind : kKinds) words.emplace_back(kind.word);
  return words;
}

Result<SoundFeatures> parse_sound_features(std::string_view word) {
  for (const Kind& kind : kKinds)
    if (kind.word == word) return kind.features;
  return fail(ErrorCode::usage, format("features \"{}\" are not known", word),
              did_you_mean_or_all(word, sound_feature_words()));
}

Result<std::vector<int64_t>> sound_shape(SoundFeatures features, std::span<const int64_t> wanted) {
  const Kind* kind = std::ranges::find(kKinds, features, &Kind::features);
  if (kind == std::end(kKinds)) return fail(ErrorCode::internal, "no features are asked for");
  if (wanted.empty()) return std::vector<int64_t>{kSoundRate / kStep - 1, kind->values, 1};
  int64_t elements = 1;
  std::string text;
  std::vector<int64_t> sizes;  // without those that are 1
  for (const int64_t d : wanted) {
    elements = d < 1 || elements > (int64_t{1} << 31) / d ? 0 : elements * d;
    text += format("{}{}", text.empty() ? "" : ", ", d);
    if (d != 1) sizes.push_back(d);
  }
  const int64_t frames = elements / kind->values;
  const bool flat = sizes.size() == 1, rows = sizes.size() == 2 && sizes[1] == kind->values;
  if (elements == 0 || elements % kind->values != 0 || frames > kMostFrames || !(flat || rows))
    return fail(ErrorCode::usage,
                format("the network takes [{}], {} gives [rows, {}, 1]", text, kind->word, kind->values),
                format("50 rows a second less one: [49, {}, 1] takes one second of sound, [{}, {}, 1] a minute",
                       kind->values, kMostFrames, kind->values));
  return std::vector<int64_t>{frames, kind->values, 1};
}

// Windows, mel triangles and cosines of the float kinds.
struct SoundFeatureMaker::Spectral {
  struct Weight {
    int bin, band;
    double weight;
  };
  bool mfcc;
  std::vector<double> window;
  std::vector<Weight> triangles;
  std::vector<double> cosines;  // coefficients × bands
  kissfft<double> fft{kPoints / 2, false};

  explicit Spectral(bool cepstral) : mfcc(cepstral) {
    for (int64_t i = 0; i < kWindow; ++i) {
      const double turn = 2 * std::numbers::pi * static_cast<double>(i);
      const double n = static_cast<double>(kWindow);
      window.push_back(mfcc ? 0.5 - 0.5 * std::cos(turn / n) : 0.54 - 0.46 * std::cos(turn / (n - 1)));
    }
    const double low = mel(mfcc ? 20 : 0), high = mel(mfcc ? 4000 : 8000), width = (high - low) / (kBands + 1);
    for (int bin = 1; bin < kBins; ++bin)  // without the constant part
      for (int band = 0; band < kBands; ++band) {
        const double place = (mel(bin * static_cast<double>(kSoundRate) / kPoints) - low) / width - band;  // peak at 1
        const double weight = std::min(place, 2 - place);
        if (weight > 0) triangles.push_back({bin, band, weight});
      }
    for (int c = 0; c < kCoefficients; ++c)
      for (int band = 0; band < kBands; ++band)
        cosines.push_back(std::sqrt(2.0 / kBands) * std::cos(std::numbers::pi / kBands * (band + 0.5) * c));
  }

  // The spectrum's magnitudes of one frame.
  void magnitudes(const double* samples, double* out) const {
    double windowed[kPoints] = {};
    for (int64_t i = 0; i < kWindow; ++i) windowed[i] = samples[i] * window[static_cast<size_t>(i)];
    std::complex<double> bins[kPoints / 2];
    fft.transform_real(windowed, bins);
    out[0] = std::abs(bins[0].real());  // the first holds both ends
    out[kBins - 1] = std::abs(bins[0].imag());
    for (int k = 1; k < kBins - 1; ++k) out[k] = std::abs(bins[k]);
  }

  void rows(std::span<const float> sound, int64_t frames, std::vector<float>* out) const {
    std::vector<double> x(static_cast<size_t>(sound_samples(frames)));
    const std::span<const float> heard = sound.first(std::min(sound.size(), x.size()));
    float most = heard.empty() ? 0.0f : *std::ranges::max_element(heard);
    if (most == 0)  // all samples below zero, or silence
      for (const float v : heard) most = std::max(most, std::abs(v));
    if (most == 0) most = 1;
    for (size_t i = 0; i < heard.size(); ++i) x[i] = static_cast<double>(heard[i]) / static_cast<double>(most);
    if (!mfcc)
      for (size_t i = x.size(); i-- > 1;) x[i] -= (1 - 1.0 / 32) * x[i - 1];
    std::vector<double> bands(static_cast<size_t>(frames) * kBands);
    double magnitude[kBins];
    for (int64_t f = 0; f < frames; ++f) {
      magnitudes(x.data() + f * kStep, magnitude);
      for (const Weight& w : triangles) {
        const double m = magnitude[w.bin];
        bands[static_cast<size_t>(f * kBands + w.band)] += w.weight * (mfcc ? m : std::max(1e-30, m * m / kWindow));
      }
    }
    if (!mfcc) {
      for (const double v : bands)
        out->push_back(static_cast<float>(std::clamp((10 * std::log10(v) + 52) / 64, 0.0, 1.0)));
      return;
    }
    for (double& v : bands) v = std::log(v + 1e-6);
    for (int64_t f = 0; f < frames; ++f)
      for (size_t c = 0; c < kCoefficients; ++c) {
        double sum = 0;
        for (size_t b = 0; b < kBands; ++b) sum += cosines[c * kBands + b] * bands[static_cast<size_t>(f) * kBands + b];
        out->push_back(static_cast<float>(sum));
      }
  }
};

SoundFeatureMaker::SoundFeatureMaker(SoundFeatures features) : features_(features) {
  if (features != SoundFeatures::micro_speech)
    spectral_ = std::make_unique<const Spectral>(features == SoundFeatures::mfcc_tiny);
}
SoundFeatureMaker::~SoundFeatureMaker() = default;
SoundFeatureMaker::SoundFeatureMaker(SoundFeatureMaker&&) noexcept = default;

void SoundFeatureMaker::run(std::span<const float> sound, int64_t frames, std::vector<uint8_t>* bytes,
                            std::vector<float>* floats) const {
  if (spectral_)
    spectral_->rows(sound, frames, floats);
  else
    micro_speech_rows(sound, frames, bytes);
}

}  // namespace thimble
