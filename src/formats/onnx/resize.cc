// ONNX's Resize and Upsample: linear resizing of images is resize_bilinear; else along each axis a matrix of weights,
// or (nearest) a list of entries.
#include <algorithm>
#include <cmath>

#include "formats/onnx/matrix.h"
#include "formats/onnx/window.h"
#include "ops/gather/gather.h"
#include "ops/rearrange/rearrange.h"

namespace thimble::onnx {
namespace {

struct Rows {
  std::string_view place, mode, nearest;
  bool antialias = false, exclude_outside = false;
  double cubic_a = -0.75, extrapolation = 0;
};

// One axis: from `in` entries to `out`.
struct Line {
  int64_t in, out;
  double scale, roi_begin = 0, roi_end = 1;
};

double place_of(const Rows& r, const Line& l, int64_t i) {
  const double x = static_cast<double>(i), exact = l.scale * static_cast<double>(l.in), in = static_cast<double>(l.in);
  if (r.place == "align_corners") return exact == 1 ? 0 : x * (in - 1) / (exact - 1);
  if (r.place == "asymmetric") return x / l.scale;
  if (r.place == "tf_half_pixel_for_nn") return (x + 0.5) / l.scale;
  if (r.place == "pytorch_half_pixel") return exact == 1 ? -0.5 : (x + 0.5) / l.scale - 0.5;
  if (r.place == "tf_crop_and_resize") {
    const double span = l.roi_end - l.roi_begin;
    const double along = exact == 1 ? span * (in - 1) / 2 : x * span * (in - 1) / (exact - 1);
    return along + l.roi_begin * (in - 1);
  }
  if (r.place == "half_pixel_symmetric") {
    const double centre = in / 2, shift = centre * (1 - static_cast<double>(l.out) / exact);
    return shift + (x + 0.5) / l.scale - 0.5;
  }
  return (x + 0.5) / l.scale - 0.5;
}

double cubic(double a, double x) {
  x = std::fabs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

// Weights of the entries from `first` on, of a place between `first` − start and the next one.
struct Taps {
  int64_t start;  // of the first weight, from the entry below the place
  std::vector<double> weights;
};

Taps taps_of(const Rows& r, const Line& l, double ratio) {
  Taps t{};
  if (r.mode == "nearest") {
    bool above = ratio > 0.5;
    if (r.nearest == "round_prefer_ceil") above = ratio >= 0.5;
    if (r.nearest == "floor") above = false;
    if (r.nearest == "ceil") above = true;
    if (ratio == 1) above = true;
    t.weights = {above ? 0.0 : 1.0, above ? 1.0 : 0.0};
    return t;
  }
  const double s = r.antialias ? std::min(l.scale, 1.0) : 1.0;
  const int reach = r.mode == "linear" ? 1 : 2;
  t.start = static_cast<int64_t>(std::floor(-reach / s)) + 1;
  double sum = 0;
  for (int64_t k = t.start; k < 2 - t.start; ++k) {
    const double x = (static_cast<double>(k) - ratio) * s;
    t.weights.push_back(reach == 1 ? std::clamp(1 - std::fabs(x), 0.0, 1.0) : cubic(r.cubic_a, x));
    sum += t.weights.back();
  }
  if (r.antialias)
    for (double& w : t.weights) w /= sum;
  return t;
}

TensorId resized(Maker& m, TensorId x, int axis, const Rows& r, const Line& l) {
  if (m.failed()) return kNoTensor;
  if (l.out == 0) return m.part(x, axis, 0, 0);
  if (l.in == 0 || l.out > (1 << 20)) return m.unsupported(format("{} entries become {}", l.in, l.out));
  const bool one = r.mode == "nearest";
  Ints picks;
  if (!one && l.in * l.out > Maker::kMostBytes / 16) return m.unsupported(format("{} entries become {}", l.in, l.out));
  std::vector<float> matrix(one ? 0 : static_cast<size_t>(l.in * l.out)), beside;
  bool outside_any = false;
  for (int64_t i = 0; i < l.out; ++i) {
    const double place = place_of(r, l, i);
    const bool outside = r.place == "tf_crop_and_resize" && (place < 0 || place > static_cast<double>(l.in - 1));
    beside.push_back(outside ? static_cast<float>(r.extrapolation) : 0.0f);
    outside_any = outside_any || outside;
    if (!(std::fabs(place) < 1e9)) return m.bad(format("entry {} comes from {}", i, place));
    int64_t below = static_cast<int64_t>(std::floor(place));
    double ratio = place - static_cast<double>(below);
    if (ratio == 0) ratio = 1, --below;  // as the definition has it: wholly the upper one
    const Taps t = taps_of(r, l, ratio);
    if (one) {
      picks.push_back(std::clamp<int64_t>(below + (t.weights[1] == 1), 0, l.in - 1));
      continue;
    }
    if (outside) continue;
    double sum = 0;
    for (size_t k = 0; k < t.weights.size(); ++k) {
      const int64_t at = below + t.start + static_cast<int64_t>(k);
      if (!r.exclude_outside || (at >= 0 && at < l.in)) sum += t.weights[k];
    }
    for (size_t k = 0; k < t.weights.size(); ++k) {
      const int64_t at = below + t.start + static_cast<int64_t>(k);
      if (r.exclude_outside && (at < 0 || at >= l.in)) continue;
      const double w = r.exclude_outside ? t.weights[k] / sum : t.weights[k];
      matrix[static_cast<size_t>(i * l.in + std::clamp<int64_t>(at, 0, l.in - 1))] += static_cast<float>(w);
    }
  }
  if (one) {
    if (outside_any) return m.unsupported("a crop beyond the image with mode nearest");
    return m.op(Op::gather, {x, m.i32s(picks)}, GatherAttrs{axis, 0}, x);
  }
  Ints perm;
  for (int d = 0; d < m.rank(x); ++d) perm.push_back(d);
  std::swap(perm[static_cast<size_t>(axis)], perm.back());
  const TensorId bias = outside_any ? m.values({l.out}, beside) : kNoTensor;
  return m.transpose(linear(m, m.transpose(x, perm), m.values({l.out, l.in}, matrix), bias), perm);
}

// Which scales and sizes the axes get.
std::vector<Line> lines(Maker& m, const Call& c, const Shape& x, const Ints& axes) {
  std::vector<Line> all;
  const size_t at = c.opset < 11 ? 1 : 2;
  std::vector<float> scales;
  if (c.node.op == "Upsample" && c.opset < 9)
    scales = c.floats("scales");
  else if (c.has(at))
    scales = m.floats(c[at], "the scales");
  const Ints sizes = c.has(3) ? m.ints(c[3], "the sizes") : Ints();
  if (m.failed()) return all;
  if ((scales.empty() ? sizes.size() : scales.size()) != axes.size()) {
    m.bad(format("{} scales and {} sizes for {} axes", scales.size(), sizes.size(), axes.size()));
    return all;
  }
  const std::string_view policy = c.s("keep_aspect_ratio_policy", "stretch");
  double common = 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t in = x[static_cast<int>(axes[i])];
    Line l{in, 0, 0};
    if (scales.empty()) {
      l.out = sizes[i];
      l.scale = in > 0 ? static_cast<double>(sizes[i]) / static_cast<double>(in) : 1;
      common = i == 0 ? l.scale : policy == "not_larger" ? std::min(common, l.scale) : std::max(common, l.scale);
    } else {
      l.scale = static_cast<double>(scales[i]);
      const double out = std::floor(static_cast<double>(in) * l.scale);
      l.out = out >= 0 && out < 1e9 ? static_cast<int64_t>(out) : -1;
    }
    if (l.out < 0 || !(l.scale > 0)) {
      m.bad(format("axis {} of {} gets {} entries, scale {}", axes[i], x.to_string(), l.out, l.scale));
      return all;
    }
    all.push_back(l);
  }
  if (scales.empty() && policy != "stretch")
    for (Line& l : all) {
      l.scale = common;
      l.out = static_cast<int64_t>(std::floor(common * static_cast<double>(l.in) + 0.5));
      if (l.out < 0 || l.out > (1 << 20)) m.bad("the sizes");
    }
  return all;
}

// Whether one resize_bilinear does it: images whose rows and columns are resized linearly, by the sizes' own ratio.
bool bilinear(Maker& m, TensorId x, const Rows& r, const std::vector<Line>& all, const Ints& axes) {
  const bool images = m.rank(x) == 4 && (m.type(x) == DType::f32 || !m.at(x).quant.empty());
  if (!images || r.mode != "linear" || r.antialias || r.exclude_outside ||
      (r.place != "half_pixel" && r.place != "align_corners" && r.place != "asymmetric"))
    return false;
  for (size_t i = 0; i < axes.size(); ++i) {
    const Line& l = all[i];
    if (l.in < 1 || l.out < 1 ||
        !(std::fabs(l.scale * static_cast<double>(l.in) / static_cast<double>(l.out) - 1) < 1e-6))
      return false;
    if (axes[i] < 2 && l.in != l.out) return false;
  }
  return true;
}

Ids resize(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  const bool old = c.opset < 11;
  Rows r{.place = c.s("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"),
         .mode = c.s("mode", "nearest"),
         .nearest = c.s("nearest_mode", old ? "floor" : "round_prefer_floor"),
         .antialias = c.i("antialias", 0) != 0,
         .exclude_outside = c.i("exclude_outside", 0) != 0,
         .cubic_a = static_cast<double>(c.f("cubic_coeff_a", -0.75f)),
         .extrapolation = static_cast<double>(c.f("extrapolation_value", 0))};
  if (r.mode == "bilinear") r.mode = "linear";
  if (r.mode != "nearest" && r.mode != "linear" && r.mode != "cubic") return {m.bad(format("mode \"{}\"", r.mode))};
  Ints axes = c.ints("axes");
  if (axes.empty())
    for (int d = 0; d < x.rank(); ++d) axes.push_back(d);
  for (int64_t& a : axes) a = m.axis(a, x.rank());
  auto all = lines(m, c, x, axes);
  if (m.failed()) return {};
  if (r.place == "tf_crop_and_resize") {
    const auto roi = m.floats(c[1], "the region");
    if (roi.size() != 2 * axes.size()) return {m.bad(format("a region of {} numbers", roi.size()))};
    for (size_t i = 0; i < axes.size(); ++i) all[i].roi_begin = roi[i], all[i].roi_end = roi[axes.size() + i];
  }
  if (bilinear(m, c[0], r, all, axes)) {
    Ints size{x[2], x[3]};
    for (size_t i = 0; i < axes.size(); ++i)
      if (axes[i] >= 2) size[static_cast<size_t>(axes[i]) - 2] = all[i].out;
    if (size == Ints{x[2], x[3]}) return {c[0]};
    const ResizeAttrs attrs{.align_corners = r.place == "align_corners", .half_pixel_centers = r.place == "half_pixel"};
    const TensorId y =
        m.op(Op::resize_bilinear, {channels_last(m, c[0]), m.i32s(size)}, attrs, m.integer(c[0]) ? c[0] : kNoTensor);
    return {channels_first(m, y, 4)};
  }
  // Integers are resized as floats, and cut off.
  const bool floats = r.mode != "nearest" && m.integer(c[0]);
  TensorId y = floats ? m.cast(c[0], DType::f32) : c[0];
  for (size_t i = 0; i < axes.size(); ++i) {
    const bool whole = r.place != "tf_crop_and_resize" || (all[i].roi_begin == 0 && all[i].roi_end == 1);
    if (all[i].in == all[i].out && all[i].scale == 1 && whole) continue;
    y = resized(m, y, static_cast<int>(axes[i]), r, all[i]);
  }
  return {floats ? m.cast(y, m.type(c[0])) : y};
}

constexpr Rule kRules[] = {
    {"Resize", 1, 4, resize},
    {"Upsample", 1, 2, resize, 9},
};

}  // namespace

std::span<const Rule> resize_rules() { return kRules; }

}  // namespace thimble::onnx
