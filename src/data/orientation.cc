#include "data/orientation.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace thimble {
namespace {

using Bytes = std::span<const uint8_t>;

bool says(Bytes f, size_t at, std::string_view text) {
  return at <= f.size() && f.size() - at >= text.size() && std::memcmp(f.data() + at, text.data(), text.size()) == 0;
}

// A TIFF header, whose first directory may hold the tag.
int tiff_orientation(Bytes tiff) {
  if (says(tiff, 0, std::string_view("Exif\0\0", 6))) tiff = tiff.subspan(6);  // JPEG's mark, in WebP by mistake
  if (tiff.size() < 8) return 1;
  const bool little = tiff[0] == 'I';
  const auto u16 = [&](size_t p) { return little ? tiff[p] | tiff[p + 1] << 8 : tiff[p] << 8 | tiff[p + 1]; };
  const auto u32 = [&](size_t p) {
    const auto a = static_cast<size_t>(u16(p)), b = static_cast<size_t>(u16(p + 2));
    return little ? a | b << 16 : a << 16 | b;
  };
  const size_t directory = u32(4);
  if (directory > tiff.size() || tiff.size() - directory < 2) return 1;
  const auto entries = static_cast<size_t>(u16(directory));
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.size()) return 1;
    if (u16(entry) != 0x0112) continue;
    const int value = u16(entry + 8);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

int jpeg_orientation(Bytes f) {
  size_t at = 2;
  while (at + 4 <= f.size() && f[at] == 0xff) {
    const uint8_t marker = f[at + 1];
    if (marker == 0xda || marker == 0xd9) return 1;
    const size_t length = static_cast<size_t>(f[at + 2]) << 8 | f[at + 3];
    if (length < 2 || at + 2 + length > f.size()) return 1;
    const auto block = f.subspan(at + 4, length - 2);
    at += 2 + length;
    if (marker == 0xe1 && says(block, 0, std::string_view("Exif\0\0", 6))) return tiff_orientation(block);
  }
  return 1;
}

// Chunks of length, name, data, check sum; before or after the pixels.
int png_orientation(Bytes f) {
  for (size_t at = 8; at <= f.size() && f.size() - at >= 12;) {
    const size_t length = static_cast<size_t>(f[at]) << 24 | f[at + 1] << 16 | f[at + 2] << 8 | f[at + 3];
    if (length > f.size() - at - 12) return 1;
    if (says(f, at + 4, "eXIf")) return tiff_orientation(f.subspan(at + 8, length));
    at += 12 + length;
  }
  return 1;
}

// RIFF: chunks of name, length (little endian), data, padded to an even size.
int webp_orientation(Bytes f) {
  for (size_t at = 12; at <= f.size() && f.size() - at >= 8;) {
    const size_t length = static_cast<size_t>(f[at + 7]) << 24 | f[at + 6] << 16 | f[at + 5] << 8 | f[at + 4];
    if (length > f.size() - at - 8) return 1;
    if (says(f, at, "EXIF")) return tiff_orientation(f.subspan(at + 8, length));
    at += 8 + length + (length & 1);
  }
  return 1;
}

}  // namespace

int exif_orientation(Bytes file) {
  if (says(file, 0, "\xff\xd8")) return jpeg_orientation(file);
  if (says(file, 0, "\x89PNG")) return png_orientation(file);
  if (says(file, 0, "RIFF") && says(file, 8, "WEBP")) return webp_orientation(file);
  return 1;
}

Picture oriented(Picture in, int orientation) {
  if (orientation == 1) return in;
  const bool swap = orientation >= 5;
  Picture out;
  out.height = swap ? in.width : in.height;
  out.width = swap ? in.height : in.width;
  out.channels = in.channels;
  out.pixels.resize(in.pixels.size());
  for (int64_t y = 0; y < out.height; ++y)
    for (int64_t x = 0; x < out.width; ++x) {
      // Where the upright pixel (y, x) is stored: 2 mirrored, 3 half turn, 4 upside down mirrored, 5 transposed,
      // 6 needs a quarter turn clockwise, 7 transposed on the other diagonal, 8 a quarter turn the other way.
      int64_t sy = swap ? x : y, sx = swap ? y : x;
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) sy = in.height - 1 - sy;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) sx = in.width - 1 - sx;
      std::copy_n(&in.pixels[static_cast<size_t>((sy * in.width + sx) * in.channels)], in.channels,
                  &out.pixels[static_cast<size_t>((y * out.width + x) * in.channels)]);
    }
  return out;
}

}  // namespace thimble
