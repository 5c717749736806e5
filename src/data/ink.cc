#include "data/ink.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace thimble {
namespace {

// One value per pixel that shows ink of any colour: half luma, half the darkest (ink dark) or lightest channel.
Plane brightness(const Picture& p, bool dark_ink) {
  Plane out{p.height, p.width, std::vector<float>(static_cast<size_t>(p.height * p.width))};
  for (size_t i = 0; i < out.v.size(); ++i) {
    if (p.channels == 1) {
      out.v[i] = p.pixels[i];
      continue;
    }
    const uint8_t* c = &p.pixels[3 * i];
    const float luma = 0.299f * c[0] + 0.587f * c[1] + 0.114f * c[2];
    out.v[i] =
        0.5f * luma + 0.5f * static_cast<float>(dark_ink ? std::min({c[0], c[1], c[2]}) : std::max({c[0], c[1], c[2]}));
  }
  return out;
}

// A quadratic surface through the pixels with weight, by least squares (6 unknowns, Gaussian elimination).
Plane quadratic_fit(const Plane& in, const std::vector<uint8_t>& use) {
  double a[6][7] = {};
  const auto terms = [&](int64_t y, int64_t x, double* t) {
    const double v = 2 * static_cast<double>(y) / static_cast<double>(in.height) - 1,
                 u = 2 * static_cast<double>(x) / static_cast<double>(in.width) - 1;
    t[0] = 1, t[1] = u, t[2] = v, t[3] = u * u, t[4] = u * v, t[5] = v * v;
  };
  double t[6];
  // Some thousand pixels are enough for six numbers.
  const int64_t step =
      std::max<int64_t>(1, std::llround(std::sqrt(static_cast<double>(in.height * in.width) / 6000.0)));
  for (int64_t y = 0; y < in.height; y += step)
    for (int64_t x = 0; x < in.width; x += step) {
      if (!use[static_cast<size_t>(y * in.width + x)]) continue;
      terms(y, x, t);
      for (int i = 0; i < 6; ++i) {
        for (int j = 0; j < 6; ++j) a[i][j] += t[i] * t[j];
        a[i][6] += t[i] * in.at(y, x);
      }
    }
  for (int i = 0; i < 6; ++i) a[i][i] += 1e-6 * (1 + a[0][0]);  // holds when few pixels are left
  for (int i = 0; i < 6; ++i)
    for (int r = 0; r < 6; ++r) {
      if (r == i) continue;
      const double f = a[r][i] / a[i][i];
      for (int j = i; j < 7; ++j) a[r][j] -= f * a[i][j];
    }
  double c[6];
  for (int i = 0; i < 6; ++i) c[i] = a[i][6] / a[i][i];
  Plane out = in;
  const double across = 2 / static_cast<double>(in.width);
  for (int64_t y = 0; y < in.height; ++y) {
    terms(y, 0, t);
    const double v = t[2], at_0 = c[0] + v * (c[2] + v * c[5]), slope = c[1] + v * c[4];  // a parabola in u per row
    for (int64_t x = 0; x < in.width; ++x) {
      const double u = static_cast<double>(x) * across - 1;
      out.at(y, x) = static_cast<float>(at_0 + u * (slope + u * c[3]));
    }
  }
  return out;
}

// Mean over a (2r + 1)² window of the pixels in use; `fallback` where there are too few.
Plane masked_mean(const Plane& in, const std::vector<uint8_t>& use, int64_t r, const Plane& fallback) {
  const int64_t w = in.width + 1;
  std::vector<double> sum(static_cast<size_t>((in.height + 1) * w)), count(sum.size());
  for (int64_t y = 0; y < in.height; ++y)
    for (int64_t x = 0; x < in.width; ++x) {
      const auto i = static_cast<size_t>((y + 1) * w + x + 1), up = i - static_cast<size_t>(w);
      const double on = use[static_cast<size_t>(y * in.width + x)];
      // Differences from the fallback, so that the mean follows its slope.
      sum[i] = sum[i - 1] + sum[up] - sum[up - 1] + on * (in.at(y, x) - fallback.at(y, x));
      count[i] = count[i - 1] + count[up] - count[up - 1] + on;
    }
  Plane out = fallback;
  for (int64_t y = 0; y < in.height; ++y)
    for (int64_t x = 0; x < in.width; ++x) {
      const int64_t y0 = std::max<int64_t>(0, y - r), y1 = std::min(in.height, y + r + 1);
      const int64_t x0 = std::max<int64_t>(0, x - r), x1 = std::min(in.width, x + r + 1);
      const auto box = [&](const std::vector<double>& s) {
        return s[static_cast<size_t>(y1 * w + x1)] - s[static_cast<size_t>(y0 * w + x1)] -
               s[static_cast<size_t>(y1 * w + x0)] + s[static_cast<size_t>(y0 * w + x0)];
      };
      const double n = box(count);
      // A prior of 5 % of the window keeps windows full of ink near the surface.
      out.at(y, x) += static_cast<float>(box(sum) / (n + 0.05 * static_cast<double>((y1 - y0) * (x1 - x0))));
    }
  return out;
}

// Running maximum (or minimum) over 2r + 1 pixels along rows and columns, in place.
void running_extreme(Plane& p, int64_t r, bool maximum) {
  for (int pass = 0; pass < 2; ++pass) {
    const int64_t lines = pass ? p.width : p.height, size = pass ? p.height : p.width;
    const int64_t stride = pass ? p.width : 1, step = pass ? 1 : p.width;
    std::vector<float> line(static_cast<size_t>(size));
    for (int64_t l = 0; l < lines; ++l) {
      float* base = p.v.data() + l * step;
      for (int64_t i = 0; i < size; ++i) line[static_cast<size_t>(i)] = base[i * stride];
      for (int64_t i = 0; i < size; ++i) {
        const auto from = line.begin() + std::max<int64_t>(0, i - r), to = line.begin() + std::min(size, i + r + 1);
        base[i * stride] = maximum ? *std::max_element(from, to) : *std::min_element(from, to);
      }
    }
  }
}

// Morphological closing: fills what is dark and narrower than 2r + 1, keeps larger dark regions (shadows) to their
// edge.
Plane closing(const Plane& in, int64_t r) {
  std::vector<uint8_t> all(in.v.size(), 1);
  Plane out = masked_mean(in, all, 1, in);  // lightly smoothed, so that noise does not lift the maximum
  running_extreme(out, r, true);
  running_extreme(out, r, false);
  return out;
}

// Otsu's threshold of the values, over 256 steps of 0 … top.
float otsu(const std::vector<float>& values, float top) {
  std::array<double, 256> histogram{};
  for (float v : values) histogram[static_cast<size_t>(std::clamp(v / top * 255.0f, 0.0f, 255.0f))] += 1;
  double total = 0, moment = 0;
  for (size_t i = 0; i < 256; ++i) total += histogram[i], moment += static_cast<double>(i) * histogram[i];
  double below = 0, below_moment = 0, best = -1;
  size_t first = 0, last = 0;
  for (size_t i = 0; i < 255; ++i) {
    below += histogram[i];
    below_moment += static_cast<double>(i) * histogram[i];
    if (below == 0 || below == total) continue;
    const double gap = below_moment / below - (moment - below_moment) / (total - below);
    const double between = below * (total - below) * gap * gap;
    if (between > best * (1 + 1e-12))
      best = between, first = last = i;
    else if (between >= best * (1 - 1e-12))
      last = i;  // empty bins between two peaks: the middle of the valley
  }
  return (static_cast<float>(first + last) / 2 + 1) / 256 * top;
}

float percentile(std::vector<float> values, double share) {
  if (values.empty()) return 0;
  const auto k = static_cast<size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(k), values.end());
  return values[k];
}

// Ink is what deviates most from the paper's surface: the sign of the summed cubes tells dark from light.
bool ink_is_dark(const Picture& picture) {
  const Plane grey = brightness(with_channels(picture, 1), true);
  std::vector<uint8_t> use(grey.v.size(), 1);
  const float middle = percentile(grey.v, 0.5);
  // Start from the commoner shade, so that thick strokes do not pull the surface.
  for (size_t i = 0; i < use.size(); ++i) use[i] = std::abs(grey.v[i] - middle) < 48;
  const Plane paper = quadratic_fit(grey, use);
  double cubes = 0;
  for (size_t i = 0; i < use.size(); ++i) {
    const double d = std::clamp<double>(grey.v[i] - paper.v[i], -255, 255);
    cubes += d * d * d;
  }
  return cubes <= 0;
}

}  // namespace

Ink separate_ink(const Picture& picture, Paper paper_kind, std::optional<bool> dark_ink) {
  const bool dark = dark_ink ? *dark_ink : ink_is_dark(picture);
  Plane value = brightness(picture, dark);
  if (!dark)
    for (float& v : value.v) v = 255.0f - v;
  const size_t n = value.v.size();
  std::vector<uint8_t> paper(n);
  const float middle = percentile(value.v, 0.6);
  for (size_t i = 0; i < n; ++i) paper[i] = std::abs(value.v[i] - middle) < 56;
  Ink out;
  out.strength = {value.height, value.width, std::vector<float>(n)};
  const int64_t window = std::max<int64_t>(4, std::max(value.height, value.width) / 7);
  const Plane closed = paper_kind == Paper::stepped ? closing(value, window) : Plane{};
  for (int round = 0; round < (paper_kind == Paper::stepped ? 2 : 5); ++round) {
    Plane ground = closed;
    if (paper_kind == Paper::smooth) {
      const Plane surface = quadratic_fit(value, paper);
      ground = round < 2 ? surface : masked_mean(value, paper, window, surface);
    }
    std::vector<float> sample;
    sample.reserve(n);
    for (size_t i = 0; i < n; ++i) {
      out.strength.v[i] = std::clamp((ground.v[i] - value.v[i]) / std::max(ground.v[i], 24.0f), -1.0f, 1.0f);
      if (paper[i]) sample.push_back(std::abs(out.strength.v[i]));
    }
    out.noise = 1.4826f * percentile(std::move(sample), 0.5);
    const float top = std::max(0.02f, percentile(out.strength.v, 0.995));
    out.threshold = std::max({otsu(out.strength.v, top), 3.5f * out.noise, 0.015f});
    // Corners of shadows that the closing filled are paler than ink.
    if (paper_kind == Paper::stepped) out.threshold = std::max(out.threshold, 0.55f * percentile(out.strength.v, 0.98));
    // Paper for the next round: well below the threshold, and not deep in a shadow of the other sign.
    for (size_t i = 0; i < n; ++i)
      paper[i] = std::abs(out.strength.v[i]) < std::max(0.55f * out.threshold, 2.5f * out.noise);
  }
  return out;
}

void trim_frame(Ink& ink) {
  Plane& p = ink.strength;
  for (int side = 0; side < 4; ++side) {
    const bool rows = side < 2, far = side % 2;
    const int64_t size = rows ? p.height : p.width, length = rows ? p.width : p.height;
    const auto at = [&](int64_t line, int64_t i) -> float& {
      const int64_t l = far ? size - 1 - line : line;
      return rows ? p.at(l, i) : p.at(i, l);
    };
    const auto dark_share = [&](int64_t line) {
      int64_t dark = 0;
      for (int64_t i = 0; i < length; ++i) dark += at(line, i) > 0.7f * ink.threshold;
      return static_cast<double>(dark) / static_cast<double>(length);
    };
    int64_t lines = 0;
    while (lines < size / 5 && dark_share(lines) >= 0.8) ++lines;
    // None, or something else than a frame: a frame ends within a few lines, a shadow or a lit half does not.
    if (lines == 0 || lines >= size / 5 || dark_share(std::min(lines + 3, size - 1)) > 0.55) continue;
    for (int64_t l = 0; l < std::min(lines + 1, size); ++l)
      for (int64_t i = 0; i < length; ++i) at(l, i) = 0;
  }
}

Box find_writing(const Ink& ink, std::vector<uint8_t>& mask) {
  const int64_t h = ink.strength.height, w = ink.strength.width;
  struct Piece {
    Box box;
    int64_t area = 0;
    double strength = 0;
    double distance = 0;  // mean distance from the picture's centre, 0 … about 1
  };
  std::vector<int32_t> owner(static_cast<size_t>(h * w), -1);
  std::vector<Piece> pieces;
  std::vector<int64_t> stack;
  for (int64_t start = 0; start < h * w; ++start) {
    if (owner[static_cast<size_t>(start)] >= 0 || ink.strength.v[static_cast<size_t>(start)] < ink.threshold) continue;
    const auto id = static_cast<int32_t>(pieces.size());
    Piece piece{{h, w, 0, 0}};
    stack.assign(1, start);
    owner[static_cast<size_t>(start)] = id;
    while (!stack.empty()) {
      const int64_t at = stack.back(), y = at / w, x = at % w;
      stack.pop_back();
      ++piece.area;
      piece.strength += ink.strength.v[static_cast<size_t>(at)];
      piece.distance += std::hypot(2.0 * static_cast<double>(y) / static_cast<double>(h) - 1,
                                   2.0 * static_cast<double>(x) / static_cast<double>(w) - 1);
      piece.box = {std::min(piece.box.top, y), std::min(piece.box.left, x), std::max(piece.box.bottom, y + 1),
                   std::max(piece.box.right, x + 1)};
      for (int64_t dy = -1; dy <= 1; ++dy)
        for (int64_t dx = -1; dx <= 1; ++dx) {
          const int64_t ny = y + dy, nx = x + dx;
          if (ny < 0 || nx < 0 || ny >= h || nx >= w) continue;
          const auto next = static_cast<size_t>(ny * w + nx);
          if (owner[next] >= 0 || ink.strength.v[next] < ink.threshold) continue;
          owner[next] = id;
          stack.push_back(ny * w + nx);
        }
    }
    piece.distance /= static_cast<double>(piece.area);
    pieces.push_back(piece);
  }
  mask.assign(static_cast<size_t>(h * w), 0);
  // What a piece speaks for: its ink, less when it hugs the edge of the picture or spans it as a frame or a rule does.
  std::vector<double> weight;
  for (const Piece& p : pieces) {
    double speaks = p.strength;
    const int touches = (p.box.top == 0) + (p.box.left == 0) + (p.box.bottom == h) + (p.box.right == w);
    if (touches > 0) speaks *= 0.35;
    if (touches > 1) speaks *= 0.3;
    if (touches > 2) speaks *= 0.3;
    if (p.distance > 0.95) speaks *= 0.3;
    const bool rule = (static_cast<double>(p.box.width()) > 0.9 * static_cast<double>(w) &&
                       static_cast<double>(p.box.height()) < 0.12 * static_cast<double>(h)) ||
                      (static_cast<double>(p.box.height()) > 0.97 * static_cast<double>(h) &&
                       static_cast<double>(p.box.width()) < 0.06 * static_cast<double>(w) && touches > 1);
    if (rule) speaks *= 0.05;
    weight.push_back(speaks);
  }
  if (pieces.empty()) return {};
  const size_t main = static_cast<size_t>(std::max_element(weight.begin(), weight.end()) - weight.begin());
  const Piece& body = pieces[main];
  const double reach = 0.45 * static_cast<double>(std::max(body.box.height(), body.box.width()));
  std::vector<uint8_t> keep(pieces.size());
  Box box{h, w, 0, 0};
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Piece& p = pieces[i];
    const auto gap = [](int64_t a0, int64_t a1, int64_t b0, int64_t b1) {
      return static_cast<double>(std::max<int64_t>({0, b0 - a1, a0 - b1}));
    };
    const double apart = std::hypot(gap(p.box.top, p.box.bottom, body.box.top, body.box.bottom),
                                    gap(p.box.left, p.box.right, body.box.left, body.box.right));
    // A second piece that touches two edges is a frame or a shadow, not a stroke.
    const int touches = (p.box.top == 0) + (p.box.left == 0) + (p.box.bottom == h) + (p.box.right == w);
    keep[i] = i == main || (weight[i] > 0.04 * weight[main] && apart < reach && touches < 2);
    if (!keep[i]) continue;
    box = {std::min(box.top, p.box.top), std::min(box.left, p.box.left), std::max(box.bottom, p.box.bottom),
           std::max(box.right, p.box.right)};
  }
  for (size_t i = 0; i < mask.size(); ++i) mask[i] = owner[i] >= 0 && keep[static_cast<size_t>(owner[i])];
  return box;
}

namespace {

// Lower envelope of parabolas: d[q] = min over p of (q − p)² + f[p].
void distance_1d(const std::vector<float>& f, std::vector<float>& d, std::vector<int64_t>& v, std::vector<float>& z) {
  const auto n = static_cast<int64_t>(f.size());
  int64_t k = 0;
  v[0] = 0;
  z[0] = -1e20f;
  z[1] = 1e20f;
  const auto square = [](int64_t i) { return static_cast<float>(i) * static_cast<float>(i); };
  for (int64_t q = 1; q < n; ++q) {
    float s;
    for (;; --k) {
      const int64_t p = v[static_cast<size_t>(k)];
      s = ((f[static_cast<size_t>(q)] + square(q)) - (f[static_cast<size_t>(p)] + square(p))) /
          static_cast<float>(2 * (q - p));
      if (s > z[static_cast<size_t>(k)] || k == 0) break;
    }
    if (s <= z[static_cast<size_t>(k)]) s = z[static_cast<size_t>(k)];
    ++k;
    v[static_cast<size_t>(k)] = q;
    z[static_cast<size_t>(k)] = s;
    z[static_cast<size_t>(k) + 1] = 1e20f;
  }
  k = 0;
  for (int64_t q = 0; q < n; ++q) {
    while (z[static_cast<size_t>(k) + 1] < static_cast<float>(q)) ++k;
    const int64_t p = v[static_cast<size_t>(k)];
    d[static_cast<size_t>(q)] = square(q - p) + f[static_cast<size_t>(p)];
  }
}

// Squared distance to the nearest pixel whose mask is `of`.
std::vector<float> squared_distance(const std::vector<uint8_t>& mask, int64_t h, int64_t w, uint8_t of) {
  std::vector<float> out(mask.size());
  for (size_t i = 0; i < mask.size(); ++i) out[i] = mask[i] == of ? 0.0f : 1e6f;
  const auto longest = static_cast<size_t>(std::max(h, w));
  std::vector<float> z(longest + 1);
  std::vector<int64_t> v(longest);
  for (int pass = 0; pass < 2; ++pass) {
    const int64_t lines = pass ? h : w, size = pass ? w : h, stride = pass ? 1 : w, step = pass ? w : 1;
    std::vector<float> f(static_cast<size_t>(size)), d(f.size());
    for (int64_t line = 0; line < lines; ++line) {
      for (int64_t i = 0; i < size; ++i) f[static_cast<size_t>(i)] = out[static_cast<size_t>(line * step + i * stride)];
      distance_1d(f, d, v, z);
      for (int64_t i = 0; i < size; ++i) out[static_cast<size_t>(line * step + i * stride)] = d[static_cast<size_t>(i)];
    }
  }
  return out;
}

}  // namespace

Plane signed_distance(const std::vector<uint8_t>& mask, int64_t height, int64_t width) {
  const std::vector<float> inside = squared_distance(mask, height, width, 0),
                           outside = squared_distance(mask, height, width, 1);
  Plane out{height, width, std::vector<float>(mask.size())};
  for (size_t i = 0; i < mask.size(); ++i)
    out.v[i] = mask[i] ? std::sqrt(inside[i]) - 0.5f : 0.5f - std::sqrt(outside[i]);
  return out;
}

}  // namespace thimble
