// Pictures in memory: reading PNG, JPEG, BMP and the first frame of a GIF (stb), WebP (libwebp); grey and colour.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace thimble {

struct Picture {
  int64_t height = 0, width = 0, channels = 0;  // channels: 1 grey, 3 red green blue
  std::vector<uint8_t> pixels;                  // height × width × channels
};

// Caps checked before a byte is decoded.
struct PictureLimits {
  int64_t side = 32768, pixels = int64_t{64} << 20;
};

// Grey files become 1 channel, others 3. Transparent parts read as white paper, or as black when the opaque part is
// light. EXIF's orientation is applied. Errors: bad_file (another format, damaged, beyond the limits).
Result<Picture> decode_picture(std::span<const uint8_t> file, const PictureLimits& limits = {});
// The same from a file; errors name it.
Result<Picture> read_picture(const std::string& path, const PictureLimits& limits = {});

// To 1 channel (ITU-R 601: (299 R + 587 G + 114 B + 500) / 1000, as Pillow's "L") or 3 (grey repeated).
Picture with_channels(const Picture& picture, int64_t channels);
// The part from (top, left), clamped to the picture; never empty for a picture that is not.
Picture crop(const Picture& picture, int64_t top, int64_t left, int64_t height, int64_t width);

// By extension, any case: .png .jpg .jpeg .bmp .webp .gif
bool is_picture_name(std::string_view path);

}  // namespace thimble
