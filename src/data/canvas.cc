#include "data/canvas.h"

#include <algorithm>
#include <cmath>

#include "base/utf8.h"
#include "data/bitmap_font.h"

namespace thimble {
namespace {

constexpr int64_t kGap = 1;  // dots between glyphs

std::string_view glyph(char32_t code) {
  return code >= static_cast<char32_t>(kFirstGlyph) && code <= static_cast<char32_t>(kLastGlyph)
             ? kGlyphs[code - static_cast<char32_t>(kFirstGlyph)]
             : kUnknownGlyph;
}

}  // namespace

Colour distinct_colour(int64_t i) {
  static constexpr Colour kColours[] = {{0xe6, 0x9f, 0x00}, {0x56, 0xb4, 0xe9}, {0x00, 0x9e, 0x73}, {0xf0, 0xe4, 0x42},
                                        {0x00, 0x72, 0xb2}, {0xd5, 0x5e, 0x00}, {0xcc, 0x79, 0xa7}};
  return kColours[static_cast<size_t>(i % 7 + 7) % 7];
}

Colour ink_on(Colour paper) {
  const bool light = paper[0] * 299 + paper[1] * 587 + paper[2] * 114 > 128 * 1000;
  return light ? Colour{0, 0, 0} : Colour{255, 255, 255};
}

void Canvas::mix(int64_t y, int64_t x, Colour colour, double share) {
  if (y < 0 || x < 0 || y >= picture_.height || x >= picture_.width) return;
  uint8_t* p = &picture_.pixels[static_cast<size_t>((y * picture_.width + x) * 3)];
  for (size_t c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>(std::lround(p[c] + (colour[c] - p[c]) * share));
}

void Canvas::fill(int64_t left, int64_t top, int64_t right, int64_t bottom, Colour colour, double share) {
  for (int64_t y = std::max<int64_t>(top, 0); y < std::min(bottom, height()); ++y)
    for (int64_t x = std::max<int64_t>(left, 0); x < std::min(right, width()); ++x) mix(y, x, colour, share);
}

void Canvas::frame(int64_t left, int64_t top, int64_t right, int64_t bottom, int64_t thick, Colour colour) {
  const int64_t low = std::min(bottom, top + thick), high = std::max(top, bottom - thick);
  fill(left, top, right, low, colour);
  fill(left, high, right, bottom, colour);
  fill(left, low, std::min(right, left + thick), high, colour);
  fill(std::max(left, right - thick), low, right, high, colour);
}

void Canvas::line(double x0, double y0, double x1, double y1, double radius, Colour colour) {
  const int64_t left = edge(std::min(x0, x1) - radius, width()), right = edge(std::max(x0, x1) + radius, width()) + 1;
  const int64_t top = edge(std::min(y0, y1) - radius, height()), bottom = edge(std::max(y0, y1) + radius, height()) + 1;
  const double dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy;
  for (int64_t y = std::max<int64_t>(top, 0); y < std::min(bottom, height()); ++y)
    for (int64_t x = std::max<int64_t>(left, 0); x < std::min(right, width()); ++x) {
      const double px = static_cast<double>(x) + 0.5 - x0, py = static_cast<double>(y) + 0.5 - y0;
      const double t = length2 > 0 ? std::clamp((px * dx + py * dy) / length2, 0.0, 1.0) : 0;
      const double ex = px - t * dx, ey = py - t * dy;
      if (ex * ex + ey * ey <= radius * radius) mix(y, x, colour, 1);
    }
}

void Canvas::text(int64_t left, int64_t top, std::string_view words, int64_t scale, Colour colour) {
  for (size_t at = 0; at < words.size();) {
    const CodePoint point = decode_utf8(words, at);
    const std::string_view dots = glyph(point.valid ? point.code : U'\ufffd');
    for (int64_t y = 0; y < kGlyphHeight; ++y)
      for (int64_t x = 0; x < kGlyphWidth; ++x)
        if (dots[static_cast<size_t>(y * (kGlyphWidth + 1) + x)] == '#')
          fill(left + x * scale, top + y * scale, left + (x + 1) * scale, top + (y + 1) * scale, colour);
    left += (kGlyphWidth + kGap) * scale;
    at += point.bytes;
  }
}

int64_t Canvas::text_width(std::string_view words, int64_t scale) {
  int64_t glyphs = 0;
  for (size_t at = 0; at < words.size(); ++glyphs) at += decode_utf8(words, at).bytes;
  return glyphs > 0 ? (glyphs * (kGlyphWidth + kGap) - kGap) * scale : 0;
}

int64_t Canvas::text_height(int64_t scale) { return kGlyphHeight * scale; }

int64_t edge(double place, int64_t size) {
  return std::isnan(place) ? -1 : std::lround(std::clamp(place, -1.0, static_cast<double>(size) + 1));
}

}  // namespace thimble
