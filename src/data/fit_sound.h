// The one way from a file of sound, of any rate and length, to the values that a model's input takes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/resample.h"
#include "data/sound_features.h"

namespace thimble {

class SoundReader {
 public:
  // shape: as sound_shape gives it.
  SoundReader(SoundFeatures features, const std::vector<int64_t>& shape);

  // Appends the file's values and counts it: its beginning, brought to 16,000 samples a second (resample.h), silence
  // behind it where it is shorter. The other members of `out` are the caller's. Errors: those of read_wav.
  Status add(const std::string& path, Samples* out);
  Storage storage() const { return features_ == SoundFeatures::micro_speech ? Storage::bytes : Storage::floats; }

  // What was changed on the way, a line each: other rates, longer sounds.
  std::vector<std::string> notes() const;

 private:
  SoundFeatures features_;
  int64_t frames_, read_ = 0, longer_ = 0, resampled_ = 0;
  SoundFeatureMaker maker_;
  std::map<int64_t, Resampler> resamplers_;  // by the rate they come from
};

}  // namespace thimble
