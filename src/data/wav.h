// Sounds in memory: reading RIFF/WAVE files (PCM of 8, 16, 24 and 32 bits, float of 32 and 64, also as
// WAVE_FORMAT_EXTENSIBLE). Source: "Multimedia Programming Interface and Data Specifications 1.0" (IBM, Microsoft,
// 1991) and Microsoft's description of WAVEFORMATEXTENSIBLE.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thimble {

struct Sound {
  int64_t rate = 0;            // samples a second
  int64_t length = 0;          // samples in the file
  std::vector<float> samples;  // the first of them; one channel; full scale is ±1 (16-bit v is v / 32768, exactly)
};

inline constexpr int64_t kAnySeconds = int64_t{1} << 32;

// Chunks may come in any order, odd ones are padded; unknown ones are passed over. Several channels are averaged. A
// data chunk of 0xffffffff bytes, as programs write that stream, reaches to the end of the file; bytes after its last
// whole frame are left out. Errors: bad_file (another format, compressed samples, sizes that disagree with each other
// or with the file, no samples, float samples that are not finite or above 16).
Result<Sound> decode_wav(std::span<const uint8_t> file, int64_t most_seconds = kAnySeconds);
// The same from a file; errors name it.
Result<Sound> read_wav(const std::string& path, int64_t most_seconds = kAnySeconds);

// By extension, any case: .wav .wave
bool is_sound_name(std::string_view path);

}  // namespace thimble
