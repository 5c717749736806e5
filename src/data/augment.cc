#include "data/augment.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/random.h"
#include "data/order.h"

namespace thimble {

Status Augment::check() const {
  const struct {
    const char* name;
    float value, most;
  } rows[] = {{"shift", shift, 1024},   {"rotate", rotate, 180}, {"scale", scale, 0.95f}, {"shear", shear, 2},
              {"elastic", elastic, 16}, {"noise", noise, 1},     {"erase", erase, 1},     {"thicken", thicken, 1}};
  for (const auto& row : rows)
    if (!(row.value >= 0 && row.value <= row.most))
      return fail(ErrorCode::usage, format("augment {} is {}, it must lie in 0 … {}", row.name, row.value, row.most));
  return {};
}

Augmenter::Augmenter(const Augment& what, int64_t height, int64_t width, int64_t channels, float full_range)
    : what_(what), height_(height), width_(width), channels_(channels), full_range_(full_range) {
  padded_.assign(static_cast<size_t>((height + 2) * (width + 2) * channels), 0.0f);
  if (what.elastic > 0) {
    move_y_.resize(static_cast<size_t>(height * width));
    move_x_.resize(static_cast<size_t>(height * width));
  }
  if (what.thicken > 0) second_.resize(static_cast<size_t>(height * width * channels));
}

// A coarse grid of random displacements (about one node per 7 pixels), blended bilinearly with smooth weights.
void Augmenter::make_elastic(Random& random) {
  constexpr int64_t kNodes = 5;
  float node[2][kNodes][kNodes];
  for (auto& axis : node)
    for (auto& row : axis)
      for (float& v : row) v = static_cast<float>(random.uniform(-what_.elastic, what_.elastic));
  const auto place = [](int64_t i, int64_t n, int64_t* cell) {
    const float at = n > 1 ? static_cast<float>(i) * (kNodes - 1) / static_cast<float>(n - 1) : 0.0f;
    *cell = std::min<int64_t>(static_cast<int64_t>(at), kNodes - 2);
    const float t = at - static_cast<float>(*cell);
    return t * t * (3 - 2 * t);
  };
  for (int64_t y = 0; y < height_; ++y) {
    int64_t r, c;
    const float v = place(y, height_, &r);
    for (int64_t x = 0; x < width_; ++x) {
      const float u = place(x, width_, &c);
      const auto blend = [&](const float(&g)[kNodes][kNodes]) {
        return (g[r][c] * (1 - u) + g[r][c + 1] * u) * (1 - v) + (g[r + 1][c] * (1 - u) + g[r + 1][c + 1] * u) * v;
      };
      move_y_[static_cast<size_t>(y * width_ + x)] = blend(node[0]);
      move_x_[static_cast<size_t>(y * width_ + x)] = blend(node[1]);
    }
  }
}

// out(y, x) = the padded picture at (map[0] y + map[1] x + map[2], map[3] y + map[4] x + map[5]), bilinear.
void Augmenter::warp(const float map[6], float* out) {
  const int64_t stride = (width_ + 2) * channels_;
  const float last_y = static_cast<float>(height_), last_x = static_cast<float>(width_);
  const bool elastic = what_.elastic > 0;
  for (int64_t y = 0; y < height_; ++y)
    for (int64_t x = 0; x < width_; ++x) {
      float sy = map[0] * static_cast<float>(y) + map[1] * static_cast<float>(x) + map[2];
      float sx = map[3] * static_cast<float>(y) + map[4] * static_cast<float>(x) + map[5];
      if (elastic) {
        sy += move_y_[static_cast<size_t>(y * width_ + x)];
        sx += move_x_[static_cast<size_t>(y * width_ + x)];
      }
      // +1 for the border; beyond it everything is 0, as on it.
      sy = std::clamp(sy, -1.0f, last_y) + 1.0f;
      sx = std::clamp(sx, -1.0f, last_x) + 1.0f;
      const auto iy = std::min(static_cast<int64_t>(sy), height_), ix = std::min(static_cast<int64_t>(sx), width_);
      const float v = sy - static_cast<float>(iy), u = sx - static_cast<float>(ix);
      const float* p = padded_.data() + iy * stride + ix * channels_;
      for (int64_t c = 0; c < channels_; ++c, ++p)
        *out++ = (p[0] * (1 - u) + p[channels_] * u) * (1 - v) + (p[stride] * (1 - u) + p[stride + channels_] * u) * v;
    }
}

// amount > 0: towards the largest of the pixel and its four neighbours; < 0: towards the smallest.
void Augmenter::thicken_or_thin(float amount, float* out) {
  std::copy_n(out, second_.size(), second_.data());
  const int64_t row = width_ * channels_;
  for (int64_t y = 0; y < height_; ++y)
    for (int64_t x = 0; x < width_; ++x)
      for (int64_t c = 0; c < channels_; ++c) {
        const int64_t at = y * row + x * channels_ + c;
        const float* p = second_.data() + at;
        const float up = y > 0 ? p[-row] : 0, down = y + 1 < height_ ? p[row] : 0;
        const float left = x > 0 ? p[-channels_] : 0, right = x + 1 < width_ ? p[channels_] : 0;
        const float most = std::max({*p, up, down, left, right}), least = std::min({*p, up, down, left, right});
        out[at] = amount > 0 ? *p + amount * (most - *p) : *p + amount * (*p - least);
      }
}

template <class T>
void Augmenter::run_any(const T* in, float* out, uint64_t seed, int64_t epoch, int64_t sample) {
  Random random(seed ^ kAugmentStream, (static_cast<uint64_t>(epoch) << 32) | static_cast<uint32_t>(sample));
  const int64_t row = width_ * channels_, stride = row + 2 * channels_;
  const bool flip = what_.flip && random.uniform() < 0.5;
  const bool moves = what_.rotate > 0 || what_.scale > 0 || what_.shear > 0 || what_.elastic > 0 || flip;
  if (moves) {
    constexpr double kDegree = 3.14159265358979323846 / 180.0;
    const double angle = random.uniform(-what_.rotate, what_.rotate) * kDegree;
    const double size = 1.0 + random.uniform(-what_.scale, what_.scale),
                 shear = random.uniform(-what_.shear, what_.shear);
    const double dy = random.uniform(-what_.shift, what_.shift), dx = random.uniform(-what_.shift, what_.shift);
    if (what_.elastic > 0) make_elastic(random);
    for (int64_t y = 0; y < height_; ++y) {
      float* to = padded_.data() + (y + 1) * stride + channels_;
      for (int64_t i = 0; i < row; ++i) to[i] = static_cast<float>(in[y * row + i]);
    }
    // Inverse map about the centre: unshift, unrotate, unscale, unshear, unflip.
    const double cy = 0.5 * static_cast<double>(height_ - 1), cx = 0.5 * static_cast<double>(width_ - 1);
    const double cosine = std::cos(angle) / size, sine = std::sin(angle) / size, side = flip ? -1.0 : 1.0;
    const double yy = cosine, yx = -sine, xy = side * (sine + shear * cosine), xx = side * (cosine - shear * sine);
    const float map[6] = {
        static_cast<float>(yy), static_cast<float>(yx), static_cast<float>(cy - yy * (cy + dy) - yx * (cx + dx)),
        static_cast<float>(xy), static_cast<float>(xx), static_cast<float>(cx - xy * (cy + dy) - xx * (cx + dx))};
    warp(map, out);
  } else if (what_.shift >= 1) {
    const auto span = static_cast<int64_t>(what_.shift);
    const int64_t dy = static_cast<int64_t>(random.below(static_cast<uint64_t>(2 * span + 1))) - span;
    const int64_t dx = static_cast<int64_t>(random.below(static_cast<uint64_t>(2 * span + 1))) - span;
    const int64_t from = std::clamp<int64_t>(dx, 0, width_) * channels_,
                  to = std::clamp<int64_t>(width_ + dx, 0, width_) * channels_;
    for (int64_t y = 0; y < height_; ++y, out += row) {
      const int64_t sy = y - dy;
      if (sy < 0 || sy >= height_ || from >= to) {
        std::fill_n(out, row, 0.0f);
        continue;
      }
      std::fill_n(out, from, 0.0f);
      const T* source = in + sy * row - dx * channels_;
      for (int64_t i = from; i < to; ++i) out[i] = static_cast<float>(source[i]);
      std::fill_n(out + to, row - to, 0.0f);
    }
    out -= height_ * row;
  } else {
    for (int64_t i = 0; i < height_ * row; ++i) out[i] = static_cast<float>(in[i]);
  }
  if (what_.thicken > 0 && random.uniform() < what_.thicken) {
    const bool thicker = random.uniform() < 0.5;
    const double amount = random.uniform(0.3, thicker ? 0.9 : 0.6);
    thicken_or_thin(static_cast<float>(thicker ? amount : -amount), out);
  }
  if (what_.noise > 0) {
    const double deviation = what_.noise * full_range_;
    for (int64_t i = 0; i < height_ * row; ++i) out[i] += static_cast<float>(deviation * random.normal());
  }
  if (what_.erase > 0 && random.uniform() < what_.erase) {
    const double area = random.uniform(0.02, 0.2) * static_cast<double>(height_ * width_);
    const double aspect = std::exp(random.uniform(-1.1, 1.1));
    const auto h = std::clamp<int64_t>(std::llround(std::sqrt(area * aspect)), 1, height_);
    const auto w = std::clamp<int64_t>(std::llround(std::sqrt(area / aspect)), 1, width_);
    const auto top = static_cast<int64_t>(random.below(static_cast<uint64_t>(height_ - h + 1)));
    const auto left = static_cast<int64_t>(random.below(static_cast<uint64_t>(width_ - w + 1)));
    for (int64_t y = top; y < top + h; ++y) std::fill_n(out + y * row + left * channels_, w * channels_, 0.0f);
  }
}

void Augmenter::run(const uint8_t* in, float* out, uint64_t seed, int64_t epoch, int64_t sample) {
  run_any(in, out, seed, epoch, sample);
}
void Augmenter::run(const float* in, float* out, uint64_t seed, int64_t epoch, int64_t sample) {
  run_any(in, out, seed, epoch, sample);
}

}  // namespace thimble
