#include "data/picture.h"

#include <stb/stb_image.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <memory>

#include "data/files.h"

namespace thimble {
namespace {

bool starts_with(std::span<const uint8_t> file, std::initializer_list<uint8_t> magic) {
  return file.size() >= magic.size() && std::equal(magic.begin(), magic.end(), file.begin());
}

// Orientation 1 … 8 of a JPEG's EXIF block (CIPA DC-008, tag 0x0112); 1 when there is none.
int exif_orientation(std::span<const uint8_t> f) {
  size_t at = 2;
  while (at + 4 <= f.size() && f[at] == 0xff) {
    const uint8_t marker = f[at + 1];
    if (marker == 0xda || marker == 0xd9) return 1;
    const size_t length = static_cast<size_t>(f[at + 2]) << 8 | f[at + 3];
    if (length < 2 || at + 2 + length > f.size()) return 1;
    const auto block = f.subspan(at + 4, length - 2);
    at += 2 + length;
    if (marker != 0xe1 || block.size() < 14 || std::memcmp(block.data(), "Exif\0\0", 6) != 0) continue;
    const auto tiff = block.subspan(6);
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
  return 1;
}

// Turns and mirrors as EXIF asks: orientation 5 … 8 exchange the sides.
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

// Lays RGBA (or grey and alpha) on white paper, or on black when what is drawn is light.
Picture flattened(const uint8_t* p, int64_t height, int64_t width, int64_t channels) {
  const int64_t colours = channels - 1, n = height * width;
  double light = 0, cover = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double a = p[i * channels + colours];
    double sum = 0;
    for (int64_t c = 0; c < colours; ++c) sum += p[i * channels + c];
    light += a * sum / static_cast<double>(colours);
    cover += a;
  }
  const int paper = light > 160 * cover ? 0 : 255;
  Picture out{height, width, colours, std::vector<uint8_t>(static_cast<size_t>(n * colours))};
  for (int64_t i = 0; i < n; ++i) {
    const int a = p[i * channels + colours];
    for (int64_t c = 0; c < colours; ++c)
      out.pixels[static_cast<size_t>(i * colours + c)] =
          static_cast<uint8_t>((p[i * channels + c] * a + paper * (255 - a) + 127) / 255);
  }
  return out;
}

}  // namespace

Result<Picture> decode_picture(std::span<const uint8_t> file, const PictureLimits& limits) {
  const bool jpeg = starts_with(file, {0xff, 0xd8, 0xff});
  if (!jpeg && !starts_with(file, {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}) && !starts_with(file, {'B', 'M'}))
    return fail(ErrorCode::bad_file, "not a PNG, JPEG or BMP picture (unknown first bytes)", "convert it to PNG");
  if (file.size() > static_cast<size_t>(kMaxDataBytes))
    return fail(ErrorCode::bad_file,
                format("the picture file has {} bytes, at most {} are read", file.size(), kMaxDataBytes));
  const auto size = static_cast<int>(file.size());
  int width = 0, height = 0, channels = 0;
  if (!stbi_info_from_memory(file.data(), size, &width, &height, &channels))
    return fail(ErrorCode::bad_file,
                format("the picture's header is damaged or of an unknown kind ({})", stbi_failure_reason()),
                "open it in a picture program and save it as PNG");
  if (width < 1 || height < 1 || width > limits.side || height > limits.side ||
      static_cast<int64_t>(width) * height > limits.pixels)
    return fail(ErrorCode::bad_file,
                format("the picture claims {}×{} pixels, at most {} on a side and {} in all are read", width, height,
                       limits.side, limits.pixels),
                "make it smaller");
  const std::unique_ptr<stbi_uc, void (*)(void*)> decoded(
      stbi_load_from_memory(file.data(), size, &width, &height, &channels, 0), stbi_image_free);
  if (!decoded)
    return fail(ErrorCode::bad_file, format("the picture cannot be decoded ({})", stbi_failure_reason()),
                "the file is damaged or truncated: copy it again, or save it as PNG");
  if (channels == 2 || channels == 4) return flattened(decoded.get(), height, width, channels);
  Picture out{height, width, channels, {}};
  out.pixels.assign(decoded.get(), decoded.get() + static_cast<int64_t>(height) * width * channels);
  return oriented(std::move(out), jpeg ? exif_orientation(file) : 1);
}

Result<Picture> read_picture(const std::string& path, const PictureLimits& limits) {
  THIMBLE_ASSIGN(const std::vector<uint8_t> file, read_whole_file(path));
  auto picture = decode_picture(file, limits);
  if (!picture) return with_context(std::move(picture).error(), format("picture {}", path));
  return picture;
}

Picture with_channels(const Picture& picture, int64_t channels) {
  if (picture.channels == channels) return picture;
  const int64_t n = picture.height * picture.width;
  Picture out{picture.height, picture.width, channels, std::vector<uint8_t>(static_cast<size_t>(n * channels))};
  for (int64_t i = 0; i < n; ++i) {
    if (channels == 3) {
      std::fill_n(&out.pixels[static_cast<size_t>(3 * i)], 3, picture.pixels[static_cast<size_t>(i)]);
    } else {
      const uint8_t* p = &picture.pixels[static_cast<size_t>(3 * i)];
      out.pixels[static_cast<size_t>(i)] = static_cast<uint8_t>((p[0] * 299 + p[1] * 587 + p[2] * 114 + 500) / 1000);
    }
  }
  return out;
}

Picture crop(const Picture& picture, int64_t top, int64_t left, int64_t height, int64_t width) {
  const int64_t y0 = std::clamp<int64_t>(top, 0, picture.height - 1),
                x0 = std::clamp<int64_t>(left, 0, picture.width - 1);
  const int64_t y1 = std::clamp<int64_t>(top + height, y0 + 1, picture.height);
  const int64_t x1 = std::clamp<int64_t>(left + width, x0 + 1, picture.width);
  Picture out{y1 - y0, x1 - x0, picture.channels, {}};
  out.pixels.reserve(static_cast<size_t>(out.height * out.width * out.channels));
  for (int64_t y = y0; y < y1; ++y) {
    const auto from = picture.pixels.begin() + (y * picture.width + x0) * picture.channels;
    out.pixels.insert(out.pixels.end(), from, from + out.width * out.channels);
  }
  return out;
}

bool is_picture_name(std::string_view path) {
  const size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return false;
  std::string ending(path.substr(dot));
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg" || ending == ".bmp";
}

}  // namespace thimble
