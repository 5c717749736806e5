#include "data/resize.h"

#include <algorithm>
#include <cmath>

namespace thimble {
namespace {

constexpr int kBits = 22;  // of the fixed-point weights

// Weights of the input pixels first … first + weights.size() − 1 for each output pixel.
struct Taps {
  int64_t width = 0;  // weights per output pixel, zero-padded
  std::vector<int64_t> first;
  std::vector<int32_t> weights;
};

// The filter is a triangle of radius 1 or a box of radius ½, stretched by the step when shrinking.
Taps make_taps(int64_t in, int64_t out, bool triangle) {
  const double step = static_cast<double>(in) / static_cast<double>(out), stretch = std::max(step, 1.0);
  const double radius = (triangle ? 1.0 : 0.5) * stretch;
  Taps taps;
  taps.width = 2 * static_cast<int64_t>(std::ceil(radius)) + 1;
  taps.first.resize(static_cast<size_t>(out));
  taps.weights.assign(static_cast<size_t>(out * taps.width), 0);
  std::vector<double> weight(static_cast<size_t>(taps.width));
  for (int64_t o = 0; o < out; ++o) {
    const double centre = (static_cast<double>(o) + 0.5) * step;
    const int64_t low = std::max<int64_t>(0, static_cast<int64_t>(centre - radius + 0.5));
    const int64_t high = std::min(in, static_cast<int64_t>(centre + radius + 0.5));
    double sum = 0;
    for (int64_t i = low; i < high; ++i) {
      const double at = (static_cast<double>(i - low) + static_cast<double>(low) - centre + 0.5) * (1.0 / stretch);
      const double w = triangle ? std::max(0.0, 1.0 - std::abs(at)) : (at > -0.5 && at <= 0.5 ? 1.0 : 0.0);
      weight[static_cast<size_t>(i - low)] = w;
      sum += w;
    }
    taps.first[static_cast<size_t>(o)] = low;
    const double share = sum > 0 ? 1.0 / sum : 0.0;
    for (int64_t i = low; i < high; ++i)
      taps.weights[static_cast<size_t>(o * taps.width + i - low)] =
          static_cast<int32_t>(0.5 + weight[static_cast<size_t>(i - low)] * share * (1 << kBits));
  }
  return taps;
}

// One pass along an axis: `lines` lines of `in` samples that are `stride` apart.
void filter(const uint8_t* in, uint8_t* out, int64_t lines, int64_t in_line, int64_t out_line, int64_t in_stride,
            int64_t out_stride, int64_t in_size, int64_t out_size, const Taps& taps) {
  for (int64_t line = 0; line < lines; ++line)
    for (int64_t o = 0; o < out_size; ++o) {
      const int64_t first = taps.first[static_cast<size_t>(o)], count = std::min(taps.width, in_size - first);
      const int32_t* w = &taps.weights[static_cast<size_t>(o * taps.width)];
      const uint8_t* p = in + line * in_line + first * in_stride;
      int64_t sum = 1 << (kBits - 1);
      for (int64_t i = 0; i < count; ++i) sum += static_cast<int64_t>(w[i]) * p[i * in_stride];
      out[line * out_line + o * out_stride] = static_cast<uint8_t>(std::clamp<int64_t>(sum >> kBits, 0, 255));
    }
}

Picture resample(const Picture& in, int64_t height, int64_t width, bool triangle) {
  Picture wide = in;
  if (width != in.width) {
    wide = {in.height, width, in.channels, std::vector<uint8_t>(static_cast<size_t>(in.height * width * in.channels))};
    const Taps taps = make_taps(in.width, width, triangle);
    for (int64_t c = 0; c < in.channels; ++c)
      filter(in.pixels.data() + c, wide.pixels.data() + c, in.height, in.width * in.channels, width * in.channels,
             in.channels, in.channels, in.width, width, taps);
  }
  if (height == in.height) return wide;
  Picture out{height, width, in.channels, std::vector<uint8_t>(static_cast<size_t>(height * width * in.channels))};
  const int64_t row = width * in.channels;
  filter(wide.pixels.data(), out.pixels.data(), row, 1, 1, row, row, in.height, height,
         make_taps(in.height, height, triangle));
  return out;
}

}  // namespace

Picture resize_antialias(const Picture& in, int64_t height, int64_t width) { return resample(in, height, width, true); }
Picture resize_area(const Picture& in, int64_t height, int64_t width) { return resample(in, height, width, false); }

Picture resize_bilinear(const Picture& in, int64_t height, int64_t width) {
  Picture out{height, width, in.channels, std::vector<uint8_t>(static_cast<size_t>(height * width * in.channels))};
  const float step_y = static_cast<float>(in.height) / static_cast<float>(height);
  const float step_x = static_cast<float>(in.width) / static_cast<float>(width);
  for (int64_t y = 0; y < height; ++y) {
    const float at_y = (static_cast<float>(y) + 0.5f) * step_y - 0.5f, floor_y = std::floor(at_y), v = at_y - floor_y;
    const int64_t y0 = std::clamp<int64_t>(static_cast<int64_t>(floor_y), 0, in.height - 1);
    const int64_t y1 = std::clamp<int64_t>(static_cast<int64_t>(floor_y) + 1, 0, in.height - 1);
    for (int64_t x = 0; x < width; ++x) {
      const float at_x = (static_cast<float>(x) + 0.5f) * step_x - 0.5f, floor_x = std::floor(at_x), u = at_x - floor_x;
      const int64_t x0 = std::clamp<int64_t>(static_cast<int64_t>(floor_x), 0, in.width - 1);
      const int64_t x1 = std::clamp<int64_t>(static_cast<int64_t>(floor_x) + 1, 0, in.width - 1);
      for (int64_t c = 0; c < in.channels; ++c) {
        const auto at = [&](int64_t r, int64_t s) {
          return static_cast<float>(in.pixels[static_cast<size_t>((r * in.width + s) * in.channels + c)]);
        };
        const float top = at(y0, x0) + (at(y0, x1) - at(y0, x0)) * u,
                    bottom = at(y1, x0) + (at(y1, x1) - at(y1, x0)) * u;
        out.pixels[static_cast<size_t>((y * width + x) * in.channels + c)] =
            static_cast<uint8_t>(top + (bottom - top) * v + 0.5f);
      }
    }
  }
  return out;
}

}  // namespace thimble
