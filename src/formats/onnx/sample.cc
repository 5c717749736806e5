// ONNX's GridSample and AffineGrid: values of images at computed places.
#include <algorithm>

#include "formats/onnx/matrix.h"
#include "formats/onnx/rule.h"
#include "ops/gather/gather.h"

namespace thimble::onnx {
namespace {

enum class Beyond : uint8_t { zeros, border, reflection };

TensorId select(Maker& m, TensorId condition, TensorId x, TensorId y) { return m.select(condition, x, y); }
TensorId clamped(Maker& m, TensorId x, float low, float high) {
  return m.minimum(m.maximum(x, m.scalar(low)), m.scalar(high));
}

// One axis of the images: its length, and where its ends are.
struct Axis {
  float length, low, high;
};

TensorId reflected(Maker& m, TensorId x, const Axis& a) {
  const float range = a.high - a.low;
  if (range <= 0) return clamped(m, x, 0, 0);
  const TensorId along = m.compute(Op::floor_mod, {m.add(x, -a.low), m.scalar(2 * range)});
  const TensorId folded = m.minimum(along, m.sub(m.scalar(2 * range), along));
  return m.add(folded, a.low);
}

// An entry along one axis and its weight, per place.
struct Tap {
  TensorId index, weight;  // kNoTensor: 1
};

// Keys' cubic with −0.75, of a distance below 1 (near), or from 1 to 2.
TensorId cubic(Maker& m, TensorId x, bool near) {
  const float a = -0.75f;
  if (near) return m.add(m.mul(m.mul(m.add(m.mul(x, a + 2), -(a + 3)), x), x), 1.0f);
  return m.add(m.mul(m.add(m.mul(m.add(m.mul(x, a), -5 * a), x), 8 * a), x), -4 * a);
}

std::vector<Tap> taps(Maker& m, TensorId at, const Axis& a, std::string_view mode, Beyond beyond) {
  if (mode == "nearest") at = m.unary(Op::round, at);
  const TensorId outside =
      m.op(Op::logical_or, {m.op(Op::less, {at, m.scalar(a.low)}), m.op(Op::greater, {at, m.scalar(a.high)})});
  if (beyond == Beyond::border) at = select(m, outside, clamped(m, at, 0, a.length - 1), at);
  if (beyond == Beyond::reflection) at = select(m, outside, reflected(m, at, a), at);
  const TensorId below = mode == "nearest" ? at : m.unary(Op::floor, at);
  const TensorId part = mode == "nearest" ? kNoTensor : m.sub(at, below);
  std::vector<Tap> all;
  const int first = mode == "cubic" ? -1 : 0, last = mode == "cubic" ? 2 : mode == "linear" ? 1 : 0;
  for (int k = first; k <= last; ++k) {
    Tap t{m.add(below, static_cast<float>(k)), kNoTensor};
    if (mode == "linear") t.weight = k == 0 ? m.sub(m.scalar(1.0f), part) : part;
    if (mode == "cubic") {
      const TensorId distance =
          k <= 0 ? m.add(part, static_cast<float>(-k)) : m.sub(m.scalar(static_cast<float>(k)), part);
      t.weight = cubic(m, distance, k == 0 || k == 1);
    }
    if (beyond == Beyond::zeros) {
      const TensorId low = m.op(Op::greater_equal, {t.index, m.scalar(0.0f)});
      const TensorId inside = m.op(Op::logical_and, {low, m.op(Op::less, {t.index, m.scalar(a.length)})});
      const TensorId one = m.cast(inside, DType::f32);
      t.weight = t.weight == kNoTensor ? one : m.mul(t.weight, one);
    }
    if (beyond == Beyond::reflection) t.index = reflected(m, t.index, a);
    t.index = m.cast(clamped(m, t.index, 0, a.length - 1), DType::i32);
    all.push_back(t);
  }
  return all;
}

Ids grid_sample(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]), grid = m.shape(c[1]);
  const int axes = x.rank() - 2;
  if (axes < 2 || axes > 3 || grid.rank() != x.rank() || grid[0] != x[0] || grid.dim(-1) != axes)
    return {m.bad(format("places {} in {}", grid.to_string(), x.to_string()))};
  if (x.elements() == 0 || grid.elements() == 0 || x.elements() > INT32_MAX)
    return {m.unsupported(format("{}", x.to_string()))};
  std::string_view mode = c.s("mode", "linear");
  if (mode == "bilinear") mode = "linear";
  if (mode == "bicubic") mode = "cubic";
  const std::string_view padding = c.s("padding_mode", "zeros");
  if ((mode != "linear" && mode != "nearest" && mode != "cubic") || (mode == "cubic" && axes != 2))
    return {m.unsupported(format("mode \"{}\"", mode))};
  if (padding != "zeros" && padding != "border" && padding != "reflection")
    return {m.bad(format("padding_mode \"{}\"", padding))};
  const Beyond beyond = padding == "zeros" ? Beyond::zeros : padding == "border" ? Beyond::border : Beyond::reflection;
  const bool corners = c.i("align_corners", 0) != 0;
  const int64_t images = x[0], channels = x[1], places = grid.elements(1, grid.rank() - 1);
  const TensorId flat = m.reshape(m.cast(c[1], DType::f32), Ints{images, places, axes});
  std::vector<std::vector<Tap>> of_axis;
  for (int d = 0; d < axes; ++d) {
    const auto length = static_cast<float>(x[d + 2]);
    const Axis a{length, corners ? 0 : -0.5f, corners ? length - 1 : length - 0.5f};
    const TensorId g = m.reshape(m.part(flat, 2, axes - 1 - d, 1), Ints{images, places});
    const TensorId from_left = m.add(g, 1.0f);
    const TensorId at =
        corners ? m.mul(m.mul(from_left, 0.5f), length - 1) : m.mul(m.add(m.mul(from_left, length), -1.0f), 0.5f);
    of_axis.push_back(taps(m, at, a, mode, beyond));
  }
  if (m.failed()) return {};
  const TensorId pixels =
      m.transpose(m.reshape(m.cast(c[0], DType::f32), Ints{images, channels, x.elements(2, x.rank())}), {0, 2, 1});
  TensorId sum = kNoTensor;
  const size_t count = of_axis[0].size();
  size_t combinations = 1;
  for (int d = 0; d < axes; ++d) combinations *= count;
  for (size_t k = 0; k < combinations && !m.failed(); ++k) {
    TensorId index = kNoTensor, weight = kNoTensor;
    size_t rest = k;
    for (int d = 0; d < axes; ++d, rest /= count) {
      const Tap& t = of_axis[static_cast<size_t>(d)][rest % count];
      index = index == kNoTensor ? t.index
                                 : m.add(m.mul(index, m.scalar(DType::i32, static_cast<double>(x[d + 2]))), t.index);
      if (t.weight != kNoTensor) weight = weight == kNoTensor ? t.weight : m.mul(weight, t.weight);
    }
    TensorId value = m.op(Op::gather, {pixels, index}, GatherAttrs{1, 1}, pixels);
    if (weight != kNoTensor) value = m.mul(value, m.reshape(weight, Ints{images, places, 1}));
    sum = sum == kNoTensor ? value : m.add(sum, value);
  }
  Ints dims{images, channels};
  for (int d = 1; d + 1 < grid.rank(); ++d) dims.push_back(grid[d]);
  return {m.cast(m.reshape(m.transpose(sum, {0, 2, 1}), dims), m.type(c[0]))};
}

// theta · (x, y, …, 1) at every place of an image of the size given.
Ids affine_grid(Maker& m, Call& c) {
  const Ints size = m.ints(c[1], "the size");
  const Shape theta = m.shape(c[0]);
  const auto axes = std::ssize(size) - 2;
  if (m.failed() || axes < 2 || axes > 3 || theta.rank() != 3 || theta[1] != axes || theta[2] != axes + 1)
    return {m.bad(format("{} for {} sizes", theta.to_string(), size.size()))};
  int64_t places = 1;
  for (size_t d = 2; d < size.size(); ++d) {
    if (size[d] < 1 || size[d] > (1 << 16) || (places *= size[d]) > Maker::kMostBytes / 64)
      return {m.unsupported(format("size {}", size[d]))};
  }
  const bool corners = c.i("align_corners", 0) != 0;
  std::vector<float> list;
  for (int64_t p = 0; p < places; ++p) {
    int64_t rest = p;
    for (auto d = size.size(); d-- > 2; rest /= size[d]) {  // x first
      const double n = static_cast<double>(size[d]), i = static_cast<double>(rest % size[d]);
      list.push_back(static_cast<float>(corners ? -1 + i * 2 / (n - 1) : -1 + (2 * i + 1) / n));
    }
    list.push_back(1);
  }
  const TensorId places_by_axis = m.values({1, places, axes + 1}, list);
  Ints dims{theta[0]};
  dims.insert(dims.end(), size.begin() + 2, size.end());
  dims.push_back(axes);
  return {m.reshape(matmul(m, places_by_axis, turned(m, c[0])), dims)};
}

constexpr Rule kRules[] = {
    {"AffineGrid", 2, 2, affine_grid},
    {"GridSample", 2, 2, grid_sample},
};

}  // namespace

std::span<const Rule> sample_rules() { return kRules; }

}  // namespace thimble::onnx
