#include "data/picture.h"

#include <stb/stb_image.h>
#include <webp/decode.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>

#include "data/files.h"
#include "data/orientation.h"

namespace thimble {
namespace {

bool starts_with(std::span<const uint8_t> file, std::initializer_list<uint8_t> magic) {
  return file.size() >= magic.size() && std::equal(magic.begin(), magic.end(), file.begin());
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

bool known_to_stb(std::span<const uint8_t> file) {
  return starts_with(file, {0xff, 0xd8, 0xff}) || starts_with(file, {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}) ||
         starts_with(file, {'B', 'M'}) || starts_with(file, {'G', 'I', 'F', '8'});
}

// For the message about what cannot be read.
const char* what_it_is(std::span<const uint8_t> file) {
  if (file.size() >= 12 && starts_with(file.subspan(4), {'f', 't', 'y', 'p'}))
    return starts_with(file.subspan(8), {'a', 'v', 'i', 'f'}) ? "an AVIF file" : "an HEIC file or a video";
  if (starts_with(file, {'I', 'I', '*', 0}) || starts_with(file, {'M', 'M', 0, '*'})) return "a TIFF file";
  if (starts_with(file, {'%', 'P', 'D', 'F'})) return "a PDF file";
  return file.empty() ? "the file is empty" : "unknown first bytes";
}

Status check_size(int64_t width, int64_t height, const PictureLimits& limits) {
  if (width < 1 || height < 1 || width > limits.side || height > limits.side || width * height > limits.pixels)
    return fail(ErrorCode::bad_file,
                format("the picture claims {}×{} pixels, at most {} on a side and {} in all are read", width, height,
                       limits.side, limits.pixels),
                "make it smaller");
  return {};
}

// PNG, JPEG, BMP, and the first frame of a GIF.
Result<Picture> decode_stb(std::span<const uint8_t> file, const PictureLimits& limits) {
  const auto size = static_cast<int>(file.size());
  int width = 0, height = 0, channels = 0;
  if (!stbi_info_from_memory(file.data(), size, &width, &height, &channels))
    return fail(ErrorCode::bad_file,
                format("the picture's header is damaged or of an unknown kind ({})", stbi_failure_reason()),
                "open it in a picture program and save it as PNG");
  // A BMP with its first row on top says so by a negative height.
  const bool bmp = starts_with(file, {'B', 'M'});
  THIMBLE_TRY(check_size(width, bmp ? std::abs(int64_t{height}) : height, limits));
  const std::unique_ptr<stbi_uc, void (*)(void*)> decoded(
      stbi_load_from_memory(file.data(), size, &width, &height, &channels, 0), stbi_image_free);
  if (!decoded)
    return fail(ErrorCode::bad_file, format("the picture cannot be decoded ({})", stbi_failure_reason()),
                "the file is damaged or truncated: copy it again, or save it as PNG");
  if (channels == 2 || channels == 4) return flattened(decoded.get(), height, width, channels);
  Picture out{height, width, channels, {}};
  out.pixels.assign(decoded.get(), decoded.get() + static_cast<int64_t>(height) * width * channels);
  return out;
}

Result<Picture> decode_webp(std::span<const uint8_t> file, const PictureLimits& limits) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(file.data(), file.size(), &features) != VP8_STATUS_OK)
    return fail(ErrorCode::bad_file, "the header of the WebP picture is damaged",
                "open it in a picture program and save it as PNG");
  THIMBLE_TRY(check_size(features.width, features.height, limits));
  if (features.has_animation)
    return fail(ErrorCode::bad_file, "the WebP picture is an animation", "save one of its frames as PNG");
  const int channels = features.has_alpha ? 4 : 3;
  const int stride = features.width * channels;
  std::vector<uint8_t> pixels(static_cast<size_t>(stride) * static_cast<size_t>(features.height));
  const auto decode = features.has_alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  if (!decode(file.data(), file.size(), pixels.data(), pixels.size(), stride))
    return fail(ErrorCode::bad_file, "the WebP picture cannot be decoded",
                "the file is damaged or truncated: copy it again, or save it as PNG");
  if (features.has_alpha) return flattened(pixels.data(), features.height, features.width, channels);
  return Picture{features.height, features.width, channels, std::move(pixels)};
}

}  // namespace

Result<Picture> decode_picture(std::span<const uint8_t> file, const PictureLimits& limits) {
  const bool webp = file.size() >= 12 && starts_with(file, {'R', 'I', 'F', 'F'}) &&
                    starts_with(file.subspan(8), {'W', 'E', 'B', 'P'});
  if (!webp && !known_to_stb(file))
    return fail(ErrorCode::bad_file, format("not a PNG, JPEG, BMP, WebP or GIF picture ({})", what_it_is(file)),
                "convert it to PNG");
  if (file.size() > static_cast<size_t>(kMaxDataBytes))
    return fail(ErrorCode::bad_file,
                format("the picture file has {} bytes, at most {} are read", file.size(), kMaxDataBytes));
  THIMBLE_ASSIGN(Picture picture, webp ? decode_webp(file, limits) : decode_stb(file, limits));
  return oriented(std::move(picture), exif_orientation(file));
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
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg" || ending == ".bmp" || ending == ".webp" ||
         ending == ".gif";
}

}  // namespace thimble
