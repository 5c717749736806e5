#include "data/fit_sound.h"

#include "data/wav.h"

namespace thimble {
namespace {

constexpr size_t kMostResamplers = 16;  // kept: a folder of ever new rates takes no more memory

}  // namespace

SoundReader::SoundReader(SoundFeatures features, const std::vector<int64_t>& shape)
    : features_(features), frames_(shape[0]), maker_(features) {}

Status SoundReader::add(const std::string& path, Samples* out) {
  const int64_t wanted = sound_samples(frames_);
  THIMBLE_ASSIGN(Sound sound, read_wav(path, wanted / kSoundRate + 2));  // and what the resampling looks ahead
  ++read_;
  if (sound.length > wanted * sound.rate / kSoundRate) ++longer_;
  if (sound.rate != kSoundRate) {
    ++resampled_;
    if (resamplers_.size() >= kMostResamplers) resamplers_.clear();
    const auto at = resamplers_.try_emplace(sound.rate, sound.rate, kSoundRate).first;
    sound.samples = at->second.run(sound.samples, wanted);
  }
  maker_.run(sound.samples, frames_, &out->bytes, &out->floats);
  return {};
}

std::vector<std::string> SoundReader::notes() const {
  std::vector<std::string> out;
  const double seconds = static_cast<double>(sound_samples(frames_)) / static_cast<double>(kSoundRate);
  if (longer_ > 0)
    out.push_back(
        format("{} of {} sounds are longer than the {:g} s that the network hears: only their beginning goes in",
               longer_, read_, seconds));
  if (resampled_ > 0)
    out.push_back(format("{} of {} sounds were brought to {} samples a second", resampled_, read_, kSoundRate));
  return out;
}

}  // namespace thimble
