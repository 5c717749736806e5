// How a sound becomes what a network takes: a row of numbers for every 20 ms of it, as well-known networks were trained
// on them. All take 16,000 samples a second and look at 30 ms (480 samples) every 20 ms.
//   mfcc_tiny     10 mel-frequency cepstral coefficients, float: what MLPerf Tiny's keyword spotting model takes. The
//   sound
//                 over its largest sample; periodic Hann window; |FFT| of 512 points; 40 triangles from 20 to 4000 Hz;
//                 ln(x + 1e-6); DCT-II times sqrt(2 / 40), the first 10.
//   lfbe_tiny     40 log filter-bank energies of 0 … 1, float, from the same training. The sound over its largest
//   sample,
//                 x[i] − (1 − 1/32) x[i−1]; Hamming window; |FFT|² / 480; 40 triangles from 0 to 8000 Hz;
//                 (10 log10(x) + 52) / 64, clamped.
//   micro_speech  40 bytes of TensorFlow Lite Micro's fixed-point front end (base/c99_micro_speech.h), its int8 plus
//   128;
//                 each sound starts with no estimate of its noise.
// Sources: mlcommons/tiny, benchmark/training/keyword_spotting/get_dataset.py (feature types mfcc and lfbe);
// tf.signal's documentation for window, mel weights (HTK's mel scale) and DCT. Goldens:
// scripts/goldens/audio_goldens.py.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thimble {

enum class SoundFeatures { none, mfcc_tiny, lfbe_tiny, micro_speech };

const char* name(SoundFeatures features);  // "" for none
// Errors: usage, with a did-you-mean.
Result<SoundFeatures> parse_sound_features(std::string_view word);
std::vector<std::string> sound_feature_words();

inline constexpr int64_t kSoundRate = 16000;

// Samples of a sound that `frames` rows are made of: 320 for each and one step more (49 rows: one second).
constexpr int64_t sound_samples(int64_t frames) { return 320 * (frames + 1); }

// {rows, values of a row, 1} for a network that takes samples of this shape ([49, 10, 1], [1960], …); empty: one
// second. Errors: usage when it is no whole number of rows, or more than a minute.
Result<std::vector<int64_t>> sound_shape(SoundFeatures features, std::span<const int64_t> wanted);

// Makes rows of one kind.
class SoundFeatureMaker {
 public:
  explicit SoundFeatureMaker(SoundFeatures features);
  ~SoundFeatureMaker();
  SoundFeatureMaker(SoundFeatureMaker&&) noexcept;

  // `frames` rows of the first sound_samples(frames) samples; what is missing of them is silence. The values are
  // appended to `bytes` (micro_speech) or `floats`.
  void run(std::span<const float> sound, int64_t frames, std::vector<uint8_t>* bytes, std::vector<float>* floats) const;

 private:
  struct Spectral;
  SoundFeatures features_;
  std::unique_ptr<const Spectral> spectral_;  // of the float kinds
};

}  // namespace thimble
