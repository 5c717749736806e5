// ONNX's Fourier transforms, what is laid over a signal before one, and what sums up a spectrum.
#include <algorithm>
#include <cmath>

#include "formats/onnx/constants.h"
#include "formats/onnx/matrix.h"
#include "formats/onnx/rule.h"
#include "ops/gather/gather.h"

namespace thimble::onnx {
namespace {

// How a signal becomes its transform.
struct Transform {
  int axis = 0;
  int64_t length = 0;  // of the transform: the signal is cut, or goes on with zeros
  bool inverse = false, onesided = false;
};

// As a product with the matrix of its roots of unity; the last axis holds real and imaginary parts. float64 is not for
// its callers: float32 would lose digits.
TensorId transformed(Maker& m, TensorId x, const Transform& t) {
  const Shape s = m.shape(x);
  const int axis = t.axis;
  const bool inverse = t.inverse, onesided = t.onesided, complex = s.dim(-1) == 2, to_real = inverse && onesided;
  if (inverse && !to_real)
    return m.unsupported("an inverse transform to complex numbers, whose sums float32 cannot hold well enough");
  if (m.type(x) != DType::f32) return m.cast(transformed(m, m.cast(x, DType::f32), t), m.type(x));
  const int64_t n = t.length, entries = to_real ? n / 2 + 1 : n;  // of the input that count
  const int64_t results = onesided && !inverse ? n / 2 + 1 : n;
  // Entries k and n − k share their cosine, and their sines are opposite: they are added and subtracted first, so that
  // what cancels does so exactly. Of what becomes real one half is all there is.
  const int64_t pairs = to_real ? 0 : (n - 1) / 2, even = entries - pairs;
  std::vector<float> cosines, sines;
  for (int64_t k = 0; k < results; ++k)
    for (int64_t j = 0; j < even; ++j) {
      const double angle = 2 * M_PI * static_cast<double>(k * j % n) / static_cast<double>(n);
      double factor = inverse ? 1.0 / static_cast<double>(n) : 1.0;
      if (to_real && j > 0 && 2 * j != n) factor *= 2;  // and its mirror image
      cosines.push_back(static_cast<float>(std::cos(angle) * factor));
      if (to_real || (j > 0 && j <= pairs))
        sines.push_back(static_cast<float>(std::sin(angle) * factor * (inverse ? -1 : 1)));
    }
  // The axis last, as long as the transform wants it.
  Ints perm;
  for (int d = 0; d < s.rank() - 1; ++d) perm.push_back(d);
  std::swap(perm[static_cast<size_t>(axis)], perm.back());
  const auto row = [&](int64_t which) {
    Ints dims = m.dims(x);
    dims.pop_back();
    TensorId y = m.transpose(m.reshape(m.part(x, s.rank() - 1, which, 1), dims), perm);
    const int last = s.rank() - 2;
    const int64_t have = m.shape(y)[last];
    if (have >= entries) return m.part(y, last, 0, entries);
    Ints none(static_cast<size_t>(s.rank() - 1), 0), after = none;
    after.back() = entries - have;
    return m.pad(y, none, after);
  };
  const int64_t odd = to_real ? entries : pairs;
  const TensorId cosine = m.values({results, even}, cosines),
                 sine = m.values({results, std::max<int64_t>(odd, 1)},
                                 odd ? sines : std::vector<float>(static_cast<size_t>(results)));
  struct Parts {
    TensorId even, odd;
  };
  const auto parts_of = [&](TensorId y) -> Parts {
    if (to_real) return {y, y};
    const int last = s.rank() - 2;
    if (pairs == 0) return {y, m.mul(m.part(y, last, 0, 1), 0.0f)};
    Ints begin(static_cast<size_t>(last) + 1, 0), end = m.dims(y), step(begin.size(), 1);
    begin.back() = n - 1, end.back() = n - 1 - pairs, step.back() = -1;
    const TensorId head = m.part(y, last, 1, pairs), tail = m.strided(y, begin, end, step);
    Ids list{m.part(y, last, 0, 1), m.add(head, tail)};
    if (n % 2 == 0) list.push_back(m.part(y, last, n / 2, 1));
    return {m.concat(list, last), m.sub(head, tail)};
  };
  const Parts real = parts_of(row(0));
  TensorId re = linear(m, real.even, cosine), im = m.sub(m.like(real.even, 0), linear(m, real.odd, sine));
  if (complex) {
    const Parts imaginary = parts_of(row(1));
    re = m.add(re, linear(m, imaginary.odd, sine));
    im = m.add(linear(m, imaginary.even, cosine), im);
  }
  const auto back = [&](TensorId y) {
    y = m.transpose(y, perm);
    Ints dims = m.dims(y);
    dims.push_back(1);
    return m.reshape(y, dims);
  };
  if (to_real) return back(re);
  return m.concat({back(re), back(im)}, s.rank() - 1);
}

constexpr int64_t kLongest = 4096;

Ids dft(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  if (x.rank() < 2 || (x.dim(-1) != 1 && x.dim(-1) != 2)) return {m.bad(format("{} is no signal", x.to_string()))};
  int64_t given_axis = c.i("axis", 1);
  if (c.opset >= 20) {
    const Ints list = c.has(2) ? m.ints(c[2], "the axis") : Ints{-2};
    if (m.failed() || list.size() != 1) return {m.bad("the axis is one number")};
    given_axis = list[0];
  }
  Transform t{.inverse = c.i("inverse", 0) != 0, .onesided = c.i("onesided", 0) != 0};
  t.axis = m.axis(given_axis, x.rank());
  if (m.failed() || t.axis == x.rank() - 1) return {m.bad(format("axis {}", given_axis))};
  const bool to_real = t.inverse && t.onesided;
  const Ints length = c.has(1) ? m.ints(c[1], "the length") : Ints{to_real ? 2 * (x[t.axis] - 1) : x[t.axis]};
  if (m.failed() || length.size() != 1 || length[0] < 1 || length[0] > kLongest)
    return {m.unsupported("a transform of that length")};
  t.length = length[0];
  if (m.type(c[0]) == DType::f64) return {m.unsupported("a transform of float64")};
  return {transformed(m, c[0], t)};
}

// Frames of the signal that lie `step` apart, each under the window and transformed.
Ids stft(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  if (x.rank() != 3 || (x[2] != 1 && x[2] != 2)) return {m.bad(format("{} is no signal", x.to_string()))};
  const Ints step = m.ints(c[1], "the step");
  const Ints length = c.has(3)   ? m.ints(c[3], "the length of a frame")
                      : c.has(2) ? Ints{m.shape(c[2]).elements()}
                                 : Ints{x[1]};
  if (m.failed()) return {};
  if (m.type(c[0]) == DType::f64) return {m.unsupported("a transform of float64")};
  if (step.size() != 1 || length.size() != 1 || step[0] < 1 || length[0] < 1 || length[0] > x[1])
    return {m.bad(format("steps or frames in a signal of {}", x[1]))};
  const int64_t n = length[0], frames = (x[1] - n) / step[0] + 1;
  const bool onesided = c.i("onesided", 1) != 0;
  if (n > kLongest || frames * n > Maker::kMostBytes / 64) return {m.unsupported(format("{} frames of {}", frames, n))};
  if (onesided && x[2] == 2) return {m.bad("one side of the transform of complex numbers")};
  if (c.has(2) && (m.rank(c[2]) != 1 || m.shape(c[2])[0] != n))
    return {m.bad(format("a window {} over {}", m.shape(c[2]).to_string(), n))};
  Ints picks;
  for (int64_t f = 0; f < frames; ++f)
    for (int64_t k = 0; k < n; ++k) picks.push_back(f * step[0] + k);
  const TensorId at = m.reshape(m.i32s(picks), Ints{frames, n});
  TensorId y = m.op(Op::gather, {c[0], at}, GatherAttrs{1, 0}, c[0]);  // [batch, frames, n, parts]
  if (c.has(2)) y = m.mul(y, m.reshape(c[2], Ints{n, 1}));
  return {transformed(m, y, {.axis = 2, .length = n, .onesided = onesided})};
}

// Triangles over the bins of a spectrum, whose corners lie evenly on the scale of mels.
Ids mel_weights(Maker& m, Call& c) {
  Ints sizes;
  for (size_t i = 0; i < 3; ++i) {
    const Ints one = m.ints(c[i], i == 0 ? "the number of bands" : i == 1 ? "the length of the transform" : "the rate");
    if (m.failed()) return {};
    if (one.size() != 1 || one[0] < 1 || one[0] > (1 << 20)) return {m.bad("bands, length and rate of mel weights")};
    sizes.push_back(one[0]);
  }
  const std::vector<float> low = m.floats(c[3], "the lowest frequency"), high = m.floats(c[4], "the highest frequency");
  if (m.failed()) return {};
  const int64_t bands = sizes[0], bins = sizes[1] / 2 + 1;
  if (low.size() != 1 || high.size() != 1 || !(low[0] >= 0) || !(high[0] >= low[0]) || bins * bands > (1 << 24))
    return {m.bad("frequencies or sizes of mel weights")};
  const auto mel = [](double hertz) { return 2595 * std::log1p(hertz / 700) / std::log(10.0); };
  const double first = mel(low[0]), step = (mel(high[0]) - first) / static_cast<double>(bands + 2);
  Ints corner;
  for (int64_t i = 0; i < bands + 2; ++i) {
    const double hertz = 700 * std::expm1((static_cast<double>(i) * step + first) / 2595 * std::log(10.0));
    corner.push_back(
        static_cast<int64_t>(std::floor(static_cast<double>(sizes[1] + 1) * hertz / static_cast<double>(sizes[2]))));
    if (corner.back() < 0 || corner.back() >= bins)
      return {m.bad(format("{} Hz lies outside a spectrum of {} bins at a rate of {}", hertz, bins, sizes[2]))};
  }
  std::vector<float> weights(static_cast<size_t>(bins * bands));
  for (int64_t i = 0; i < bands; ++i) {
    const auto at = static_cast<size_t>(i);
    const int64_t left = corner[at], middle = corner[at + 1], right = corner[at + 2];
    const auto put = [&](int64_t bin, double w) {
      weights[static_cast<size_t>(bin * bands + i)] = static_cast<float>(w);
    };
    if (left == middle) put(middle, 1);
    for (int64_t j = left; left < middle && j <= middle; ++j)
      put(j, static_cast<double>(j - left) / static_cast<double>(middle - left));
    for (int64_t j = middle; j < right; ++j)
      put(j, static_cast<double>(right - j) / static_cast<double>(right - middle));
  }
  auto type = dtype_of(static_cast<int32_t>(std::clamp<int64_t>(c.i("output_datatype", 1), -1, 1000)));
  if (!type) return {m.fail(std::move(type).error())};
  if (*type == DType::f64) return {m.unsupported("mel weights of float64")};
  return {m.cast(m.values({bins, bands}, weights), *type)};
}

// a0 − a1 · cos(2πn / N) + a2 · cos(4πn / N); N is the size, or one less.
template <int which>
Ids window_function(Maker& m, Call& c) {
  const Ints size = m.ints(c[0], "the size");
  if (m.failed() || size.size() != 1 || size[0] < 1 || size[0] > (1 << 20))
    return {m.unsupported("a window of that size")};
  constexpr double kTerms[3][3] = {{0.5, 0.5, 0}, {25.0 / 46, 21.0 / 46, 0}, {0.42, 0.5, 0.08}};
  const double* a = kTerms[which];
  const double n = static_cast<double>(size[0] - (c.i("periodic", 1) ? 0 : 1));
  std::vector<float> list;
  for (int64_t k = 0; k < size[0]; ++k) {
    const double angle = 2 * M_PI * static_cast<double>(k) / n;
    list.push_back(static_cast<float>(a[0] - a[1] * std::cos(angle) + a[2] * std::cos(2 * angle)));
  }
  const int64_t type = c.i("output_datatype", 1);
  if (type != 1) return {m.unsupported("a window of another type than float32")};
  return {m.values({size[0]}, list)};
}

constexpr Rule kRules[] = {
    {"BlackmanWindow", 1, 1, window_function<2>}, {"DFT", 1, 3, dft},
    {"HammingWindow", 1, 1, window_function<1>},  {"HannWindow", 1, 1, window_function<0>},
    {"MelWeightMatrix", 5, 5, mel_weights},       {"STFT", 2, 4, stft},
};

}  // namespace

std::span<const Rule> spectrum_rules() { return kRules; }

}  // namespace thimble::onnx
