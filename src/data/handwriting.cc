#include "data/handwriting.h"

#include <algorithm>
#include <cmath>

#include "data/ink.h"
#include "data/resize.h"

namespace thimble {
namespace {

constexpr int64_t kSide = 28;
constexpr float kFit = 20;     // the digit's longer side
constexpr float kThin = 2.1f;  // stroke widths in pixels of 28 (MNIST: quartiles 2.0 and 2.8); between they stay
constexpr float kThick = 2.9f;
constexpr double kCentre = 14.5;  // centre of mass: middle of pixel 14, where MNIST has it

// 28×28 already, light ink on a black border.
bool is_prepared(const Picture& grey) {
  if (grey.height != kSide || grey.width != kSide) return false;
  int64_t dark = 0, border = 0, ink = 0;
  for (int64_t y = 0; y < kSide; ++y)
    for (int64_t x = 0; x < kSide; ++x) {
      const uint8_t v = grey.pixels[static_cast<size_t>(y * kSide + x)];
      ink += v > 127;
      if (y >= 2 && x >= 2 && y < kSide - 2 && x < kSide - 2) continue;
      ++border;
      dark += v < 64;
    }
  return dark * 20 >= border * 19 && ink > 0;
}

// The picture shrunk so that its longer side is at most `longest`; enlarged when it is below `shortest`.
Picture sized(const Picture& in, double factor) {
  const auto side = [&](int64_t n) { return std::max<int64_t>(1, std::llround(static_cast<double>(n) * factor)); };
  if (factor < 1) return resize_antialias(in, side(in.height), side(in.width));
  return factor > 1 ? resize_bilinear(in, side(in.height), side(in.width)) : in;
}

// Twice the area over the outline. Pixel edges overstate the outline of slanted strokes by 4/π on average.
float width_of(const std::vector<uint8_t>& mask, int64_t h, int64_t w) {
  int64_t area = 0, edges = 0;
  const auto at = [&](int64_t y, int64_t x) {
    return y >= 0 && x >= 0 && y < h && x < w && mask[static_cast<size_t>(y * w + x)];
  };
  for (int64_t y = 0; y < h; ++y)
    for (int64_t x = 0; x < w; ++x) {
      if (!at(y, x)) continue;
      ++area;
      edges += !at(y - 1, x) + !at(y + 1, x) + !at(y, x - 1) + !at(y, x + 1);
    }
  return edges ? 2 * static_cast<float>(area) / (static_cast<float>(edges) * 0.7854f) : 0;
}

// The writing of a picture. When what was found is no pen stroke (it touches two edges, or is nearly as thick as long:
// a shadow, a table behind the paper), the paper is taken as stepped, with dark and with light ink, if that finds
// something more like one.
Box locate(const Picture& picture, std::vector<uint8_t>& mask) {
  const auto unlike_a_stroke = [&](const Box& box, const std::vector<uint8_t>& m) {
    if (box.empty()) return 10.0;
    const int touches =
        (box.top == 0) + (box.left == 0) + (box.bottom == picture.height) + (box.right == picture.width);
    const double thick =
        width_of(m, picture.height, picture.width) / static_cast<double>(std::max(box.height(), box.width()));
    return std::max(0, touches - 1) + (thick > 0.28 ? 1.0 + thick : 0.0);
  };
  Ink ink = separate_ink(picture);
  trim_frame(ink);
  Box best = find_writing(ink, mask);
  double badness = unlike_a_stroke(best, mask);
  if (best.empty() || badness == 0) return best;
  for (const bool dark : {true, false}) {
    ink = separate_ink(picture, Paper::stepped, dark);
    trim_frame(ink);
    std::vector<uint8_t> other;
    const Box box = find_writing(ink, other);
    const double how_bad = unlike_a_stroke(box, other);
    if (how_bad >= badness) continue;
    best = box;
    badness = how_bad;
    mask = std::move(other);
  }
  return best;
}

// Draws `cover` (0 … 1, at `scale` output pixels per input pixel) with the point (cy, cx) at the centre of the output.
std::vector<uint8_t> place(const Plane& cover, double scale, double cy, double cx) {
  std::vector<uint8_t> out(static_cast<size_t>(kSide * kSide));
  constexpr int kSub = 6;  // samples per output pixel and direction
  const double step = 1 / (scale * kSub), middle = kCentre;
  for (int64_t y = 0; y < kSide; ++y)
    for (int64_t x = 0; x < kSide; ++x) {
      double sum = 0;
      for (int i = 0; i < kSub; ++i)
        for (int j = 0; j < kSub; ++j) {
          const double sy = cy + (static_cast<double>(y) - middle) / scale + (i + 0.5) * step - 0.5;
          const double sx = cx + (static_cast<double>(x) - middle) / scale + (j + 0.5) * step - 0.5;
          const double fy = std::floor(sy), fx = std::floor(sx);
          const auto iy = static_cast<int64_t>(fy), ix = static_cast<int64_t>(fx);
          if (iy < 0 || ix < 0 || iy + 1 >= cover.height || ix + 1 >= cover.width) continue;
          const double v = sy - fy, u = sx - fx;
          sum += (cover.at(iy, ix) * (1 - u) + cover.at(iy, ix + 1) * u) * (1 - v) +
                 (cover.at(iy + 1, ix) * (1 - u) + cover.at(iy + 1, ix + 1) * u) * v;
        }
      out[static_cast<size_t>(y * kSide + x)] =
          static_cast<uint8_t>(std::lround(std::min(1.0, sum / (kSub * kSub)) * 255));
    }
  return out;
}

}  // namespace

float stroke_width(const uint8_t* picture) {
  Picture in{kSide, kSide, 1, std::vector<uint8_t>(picture, picture + kSide * kSide)};
  constexpr int64_t kTimes = 6;
  const Picture large = resize_bilinear(in, kSide * kTimes, kSide * kTimes);
  std::vector<uint8_t> mask(large.pixels.size());
  for (size_t i = 0; i < mask.size(); ++i) mask[i] = large.pixels[i] > 127;
  return width_of(mask, large.height, large.width) / kTimes;
}

std::vector<uint8_t> prepare_handwriting(const Picture& picture) {
  const std::vector<uint8_t> blank(static_cast<size_t>(kSide * kSide));
  if (picture.height < 1 || picture.width < 1) return blank;
  if (Picture grey = with_channels(picture, 1); is_prepared(grey)) return grey.pixels;

  // First look, at most 256 pixels: where is the writing?
  const auto longest = [](const Picture& p) { return static_cast<double>(std::max(p.height, p.width)); };
  const Picture first = sized(picture, std::min(1.0, 256 / longest(picture)));
  std::vector<uint8_t> mask;
  const Box rough = locate(first, mask);
  if (rough.empty()) return blank;

  // Second look at that part with a margin of paper, the writing 100 … 200 pixels high or wide.
  const double back_y = static_cast<double>(picture.height) / static_cast<double>(first.height);
  const double back_x = static_cast<double>(picture.width) / static_cast<double>(first.width);
  const double extent =
      std::max(static_cast<double>(rough.height()) * back_y, static_cast<double>(rough.width()) * back_x);
  const double margin = 0.25 * extent + 2;
  const auto native = [](int64_t v, double factor, double shift) {
    return static_cast<int64_t>(std::floor(static_cast<double>(v) * factor + shift));
  };
  const int64_t top = std::max<int64_t>(0, native(rough.top, back_y, -margin)),
                left = std::max<int64_t>(0, native(rough.left, back_x, -margin));
  const Picture part =
      crop(picture, top, left, native(rough.bottom, back_y, margin) - top, native(rough.right, back_x, margin) - left);
  const Picture second = sized(part, extent > 200 ? 200 / extent : extent < 100 ? std::min(100 / extent, 24.0) : 1.0);
  const Box box = locate(second, mask);
  if (box.empty()) return blank;

  // A border of paper around the mask, so that thickened strokes have room.
  const int64_t pad = 40, h = box.height() + 2 * pad, w = box.width() + 2 * pad;
  std::vector<uint8_t> padded(static_cast<size_t>(h * w));
  for (int64_t y = 0; y < box.height(); ++y)
    for (int64_t x = 0; x < box.width(); ++x)
      padded[static_cast<size_t>((y + pad) * w + x + pad)] =
          mask[static_cast<size_t>((box.top + y) * second.width + box.left + x)];

  // The pen's path spans the box less one stroke width; with strokes of `wanted` pixels it must fit into 20.
  const float width = std::max(1.0f, width_of(padded, h, w));
  const float path = std::max(1.0f, static_cast<float>(std::max(box.height(), box.width())) - width);
  const float plain = width * kFit / (path + width);  // the stroke width without any change
  const float wanted = std::clamp(plain, kThin, kThick);
  const double scale = (kFit - wanted) / path;
  const float grow =
      std::clamp(0.5f * (wanted / static_cast<float>(scale) - width), -0.4f * width, static_cast<float>(pad) - 2);
  Plane cover = signed_distance(padded, h, w);
  const float soft = std::max(1.0f, 0.35f / static_cast<float>(scale));  // edges as soft as MNIST's
  double mass = 0, cy = 0, cx = 0;
  for (int64_t y = 0; y < h; ++y)
    for (int64_t x = 0; x < w; ++x) {
      float& v = cover.at(y, x);
      v = std::clamp(0.5f + (v + grow) / soft, 0.0f, 1.0f);
      mass += v;
      cy += v * (static_cast<double>(y) + 0.5);
      cx += v * (static_cast<double>(x) + 0.5);
    }
  if (mass <= 0) return blank;
  return place(cover, scale, cy / mass, cx / mass);
}

}  // namespace thimble
