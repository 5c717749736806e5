// Any bytes as a sound, then resampled and through every front end: refused, or as many finite values as are due.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "data/resample.h"
#include "data/sound_features.h"
#include "data/wav.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto sound = thimble::decode_wav({data, size}, 2);
  if (!sound) return 0;
  if (static_cast<int64_t>(sound->samples.size()) > sound->length) std::abort();
  const auto heard = thimble::Resampler(sound->rate, thimble::kSoundRate).run(sound->samples, 1600);
  for (const auto features :
       {thimble::SoundFeatures::mfcc_tiny, thimble::SoundFeatures::lfbe_tiny, thimble::SoundFeatures::micro_speech}) {
    std::vector<uint8_t> bytes;
    std::vector<float> floats;
    thimble::SoundFeatureMaker(features).run(heard, 4, &bytes, &floats);
    if (bytes.size() + floats.size() != (features == thimble::SoundFeatures::mfcc_tiny ? 40 : 160)) std::abort();
    for (const float v : floats)
      if (!std::isfinite(v)) std::abort();
  }
  return 0;
}
