#include "data/wav.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>

#include "data/files.h"

namespace thimble {
namespace {

constexpr const char* kHint = "ffmpeg -i IN -ac 1 -ar 16000 -c:a pcm_s16le OUT.wav writes a file that is read";
constexpr int64_t kMaxRate = 1'000'000;
constexpr int kMaxChannels = 64;
constexpr float kLoudest = 16;  // beyond it a float file holds other units
constexpr uint32_t kUnknownSize = 0xffffffff;
enum FormatTag : uint16_t { kPcm = 1, kFloat = 3, kExtensible = 0xfffe };

uint32_t little(std::span<const uint8_t> bytes) {
  uint32_t v = 0;
  for (size_t i = bytes.size(); i-- > 0;) v = v << 8 | bytes[i];
  return v;
}

bool is(std::span<const uint8_t> bytes, std::string_view word) {
  return bytes.size() >= word.size() && std::memcmp(bytes.data(), word.data(), word.size()) == 0;
}

tl::unexpected<Error> bad(std::string message) { return fail(ErrorCode::bad_file, std::move(message), kHint); }

std::string codec_name(uint16_t tag) {
  switch (tag) {
    case 2: return "Microsoft ADPCM";
    case 6: return "A-law";
    case 7: return "mu-law";
    case 0x11: return "IMA ADPCM";
    case 0x31: return "GSM 6.10";
    case 0x50:
    case 0x55: return "MPEG audio";
    default: return format("format {:#06x}", tag);
  }
}

struct Layout {
  uint16_t tag = 0;
  int channels = 0, bits = 0;
  int64_t rate = 0, frame = 0;  // frame: bytes of all channels of one moment
};

Result<Layout> read_layout(std::span<const uint8_t> chunk) {
  if (chunk.size() < 16) return bad(format("the fmt chunk has {} bytes, at least 16 are needed", chunk.size()));
  Layout out;
  out.tag = static_cast<uint16_t>(little(chunk.first(2)));
  out.channels = static_cast<int>(little(chunk.subspan(2, 2)));
  out.rate = little(chunk.subspan(4, 4));
  out.frame = little(chunk.subspan(12, 2));
  out.bits = static_cast<int>(little(chunk.subspan(14, 2)));
  if (out.tag == kExtensible) {
    // The first two bytes of the subformat are the tag, the others are the same for all of them.
    constexpr uint8_t kRest[] = {0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71};
    if (chunk.size() < 40)
      return bad(format("the fmt chunk of an extensible file has {} bytes, 40 are needed", chunk.size()));
    if (!std::equal(std::begin(kRest), std::end(kRest), chunk.begin() + 26))
      return bad("the samples are of a subformat that is neither PCM nor float");
    out.tag = static_cast<uint16_t>(little(chunk.subspan(24, 2)));
  }
  if (out.tag != kPcm && out.tag != kFloat)
    return bad(format("the samples are {}; PCM and float are read", codec_name(out.tag)));
  const bool known =
      out.tag == kPcm ? out.bits >= 8 && out.bits <= 32 && out.bits % 8 == 0 : out.bits == 32 || out.bits == 64;
  if (!known)
    return bad(format("{} samples of {} bits; 8, 16, 24 and 32 bits, and float of 32 and 64, are read",
                      out.tag == kPcm ? "PCM" : "float", out.bits));
  if (out.channels < 1 || out.channels > kMaxChannels)
    return bad(format("{} channels, 1 to {} are read", out.channels, kMaxChannels));
  if (out.rate < 1 || out.rate > kMaxRate)
    return bad(format("a rate of {} samples a second, 1 to {} are read", out.rate, kMaxRate));
  if (out.frame != int64_t{out.channels} * (out.bits / 8))
    return bad(format("a frame of {} bytes for {} channels of {} bits: {} are needed", out.frame, out.channels,
                      out.bits, out.channels * (out.bits / 8)));
  return out;
}

// One sample, full scale ±1.
double sample_at(const uint8_t* p, const Layout& layout) {
  const auto bytes = static_cast<size_t>(layout.bits / 8);
  if (layout.tag == kFloat) {
    const uint64_t low = little({p, 4});
    if (bytes == 4) return std::bit_cast<float>(static_cast<uint32_t>(low));
    return std::bit_cast<double>(low | uint64_t{little({p + 4, 4})} << 32);
  }
  if (bytes == 1) return (p[0] - 128) / 128.0;  // the one unsigned width
  const uint32_t top = little({p, bytes}) << (32 - layout.bits);
  return static_cast<int32_t>(top) / 2147483648.0;
}

// For the message about what cannot be read.
const char* what_it_is(std::span<const uint8_t> file) {
  if (file.empty()) return "the file is empty";
  if (is(file, "RIFX")) return "a big-endian RIFX file";
  if (is(file, "RF64") || is(file, "BW64")) return "a 64-bit RF64 file";
  if (is(file, "RIFF")) return "a RIFF file of another kind";
  if (is(file, "OggS")) return "an Ogg file";
  if (is(file, "fLaC")) return "a FLAC file";
  if (is(file, "FORM")) return "an AIFF file";
  if (is(file, "ID3") || (file.size() > 1 && file[0] == 0xff && (file[1] & 0xe0) == 0xe0)) return "an MP3 file";
  if (file.size() > 8 && is(file.subspan(4), "ftyp")) return "an MP4 file";
  return "unknown first bytes";
}

}  // namespace

Result<Sound> decode_wav(std::span<const uint8_t> file, int64_t most_seconds) {
  if (!is(file, "RIFF") || file.size() < 12 || !is(file.subspan(8), "WAVE"))
    return bad(format("not a WAV file ({})", what_it_is(file)));
  std::span<const uint8_t> format_chunk, data;
  bool has_format = false, has_data = false;
  for (size_t at = 12; at + 8 <= file.size();) {
    const std::span<const uint8_t> id = file.subspan(at, 4);
    const uint32_t claimed = little(file.subspan(at + 4, 4));
    const size_t left = file.size() - at - 8;
    const bool is_data = is(id, "data"), streamed = is_data && claimed == kUnknownSize;
    if (claimed > left && !streamed) {
      if (!is_data && !is(id, "fmt ") && has_format && has_data) break;  // what comes last is of no use here
      return bad(format("the {} chunk claims {} bytes, the file has {} left: it is truncated",
                        is_data          ? "data"
                        : is(id, "fmt ") ? "fmt"
                                         : "next",
                        claimed, left));
    }
    const size_t size = streamed ? left : claimed;
    if (is_data && !has_data) {
      data = file.subspan(at + 8, size);
      has_data = true;
    } else if (is(id, "fmt ") && !has_format) {
      format_chunk = file.subspan(at + 8, size);
      has_format = true;
    }
    at += 8 + size + (size & 1);
  }
  if (!has_format) return bad("there is no fmt chunk, which says how samples are stored");
  if (!has_data) return bad("there is no data chunk: the file is truncated or holds no samples");
  THIMBLE_ASSIGN(const Layout layout, read_layout(format_chunk));
  Sound out;
  out.rate = layout.rate;
  out.length = static_cast<int64_t>(data.size()) / layout.frame;
  if (out.length == 0) return bad("the data chunk holds no samples");
  out.samples.resize(
      static_cast<size_t>(std::min(out.length, std::clamp<int64_t>(most_seconds, 1, kAnySeconds) * out.rate)));
  const uint8_t* p = data.data();
  for (size_t i = 0; i < out.samples.size(); ++i) {
    double sum = 0;
    for (int c = 0; c < layout.channels; ++c, p += layout.bits / 8) sum += sample_at(p, layout);
    out.samples[i] = static_cast<float>(sum / layout.channels);
    if (!std::isfinite(out.samples[i])) return bad(format("sample {} is not a finite number", i));
    if (std::abs(out.samples[i]) > kLoudest)
      return fail(ErrorCode::bad_file, format("sample {} is {:g}: full scale of float samples is 1", i, out.samples[i]),
                  "scale the sound to -1 … 1");
  }
  return out;
}

Result<Sound> read_wav(const std::string& path, int64_t most_seconds) {
  THIMBLE_ASSIGN(const std::vector<uint8_t> file, read_whole_file(path));
  auto sound = decode_wav(file, most_seconds);
  if (!sound) return with_context(std::move(sound).error(), format("sound {}", path));
  return sound;
}

bool is_sound_name(std::string_view path) {
  const size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return false;
  std::string ending(path.substr(dot));
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return ending == ".wav" || ending == ".wave";
}

}  // namespace thimble
