// ONNX's pools, over one to three axes: a window of several axes is one after another of windows over one or two.
#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/onnx/window.h"
#include "ops/arg_max/arg_max.h"
#include "ops/gather/gather.h"
#include "ops/pool2d/pool2d.h"

namespace thimble::onnx {
namespace {

enum class Kind : uint8_t { max, sum };

// Entries i·stride … of one axis, `count` of them.
TensorId every(Maker& m, TensorId x, int axis, int64_t begin, int64_t count, int64_t stride) {
  Ints from(static_cast<size_t>(m.rank(x)), 0), to = m.dims(x), step(from.size(), 1);
  const auto a = static_cast<size_t>(axis);
  from[a] = begin, to[a] = begin + (count - 1) * stride + 1, step[a] = stride;
  return m.strided(x, from, to, step);
}

// Along one axis: the largest, or the sum, of `kernel` entries that lie dilation apart. x is padded already.
TensorId along(Maker& m, TensorId x, int axis, const Slide& s, int64_t count, Kind kind) {
  if (s.kernel > 256) return m.unsupported(format("a window of {} entries along axis {}", s.kernel, axis));
  TensorId y = kNoTensor;
  for (int64_t k = 0; k < s.kernel && !m.failed(); ++k) {
    const TensorId part = every(m, x, axis, k * s.dilation, count, s.stride);
    y = k == 0 ? part : kind == Kind::max ? m.maximum(y, part) : m.add(y, part);
  }
  return y;
}

struct Padded {
  TensorId x;
  std::vector<int64_t> counts;  // windows per axis
};

// With `value` before and behind, and as much more behind as the last windows want.
Padded padded(Maker& m, TensorId x, const std::vector<Slide>& s, bool up, double value) {
  Ints before(2, 0), after(2, 0);
  Padded p{x, {}};
  for (const Slide& a : s) {
    const int64_t count = a.windows(up), needed = (count - 1) * a.stride + a.span();
    p.counts.push_back(count);
    before.push_back(a.before);
    after.push_back(std::max(a.after, needed - a.in - a.before));
  }
  p.x = m.pad(x, before, after, m.like(x, value));
  return p;
}

// Whether one pool2d does it: float32 (or the largest of integers with a scale), windows without gaps, over one or two
// axes.
bool plain(Maker& m, TensorId x, const std::vector<Slide>& s) {
  return (m.type(x) == DType::f32 || !m.at(x).quant.empty()) && s.size() <= 2 &&
         std::ranges::all_of(s, [](const Slide& a) { return a.dilation == 1; });
}

TensorId pooled(Maker& m, Op op, TensorId x, std::vector<Slide> s, Padding padding) {
  const int rank = m.rank(x);
  if (s.size() == 1) s.insert(s.begin(), Slide{});
  Pool2dAttrs attrs;
  attrs.filter_h = static_cast<int>(s[0].kernel), attrs.filter_w = static_cast<int>(s[1].kernel);
  attrs.stride_h = static_cast<int>(s[0].stride), attrs.stride_w = static_cast<int>(s[1].stride);
  attrs.padding = padding;
  return channels_first(m, m.op(op, {channels_last(m, x)}, attrs, m.integer(x) ? x : kNoTensor), rank);
}

bool all_same(const std::vector<Slide>& s, bool up) {
  return std::ranges::all_of(s, [&](const Slide& a) { return a.same() && a.windows(up) == a.windows(); });
}
bool unpadded(const std::vector<Slide>& s, bool up) {
  return std::ranges::all_of(
      s, [&](const Slide& a) { return a.before == 0 && a.after == 0 && a.windows(up) == a.windows(); });
}

double lowest(DType type) {
  switch (type) {
    case DType::i8: return -128;
    case DType::u8:
    case DType::u16: return 0;
    case DType::i16: return -32768;
    case DType::i32: return INT32_MIN;
    default: return -std::numeric_limits<float>::infinity();
  }
}

// Where in all of x the largest entry of each window lies, the first of equal ones; counted along the rows of each
// image, or (by_columns) along its columns.
TensorId places(Maker& m, TensorId x, const std::vector<Slide>& s, bool up, bool by_columns) {
  const Shape shape = m.shape(x);
  const int64_t images = shape[0] * shape[1], pixels = shape.elements(2, shape.rank());
  int64_t windows = 1, taps = 1;
  for (const Slide& a : s) {
    if (a.kernel > (1 << 20) || a.windows(up) > (1 << 20)) return m.unsupported("so many windows");
    windows *= a.windows(up), taps *= a.kernel;
    if (windows > (1 << 24) || taps > (1 << 24) || windows * taps > (1 << 24)) return m.unsupported("so many windows");
  }
  if (pixels >= INT32_MAX) return m.unsupported(format("indices into {}", shape.to_string()));
  // Of each window its entries, then (of the padding) the one behind the image, which is the least of all.
  std::vector<int32_t> entries, numbers;
  Ints dims{shape[0], shape[1]};
  for (const Slide& a : s) dims.push_back(a.windows(up));
  for (int64_t w = 0; w < windows; ++w) {
    const size_t begin = entries.size();
    for (int64_t t = 0; t < taps; ++t) {
      int64_t row_place = 0, row_scale = 1, window = w, tap = t;
      bool inside = true;
      Ints at(s.size());
      for (size_t a = s.size(); a-- > 0;) {
        const int64_t count = s[a].windows(up);
        at[a] = window % count * s[a].stride + tap % s[a].kernel * s[a].dilation - s[a].before;
        inside = inside && at[a] >= 0 && at[a] < s[a].in;
        row_place += at[a] * row_scale, row_scale *= s[a].in;
        window /= count, tap /= s[a].kernel;
      }
      if (!inside) continue;
      int64_t column_place = 0, column_scale = 1;
      for (size_t a = 0; a < s.size(); ++a) column_place += at[a] * column_scale, column_scale *= s[a].in;
      entries.push_back(static_cast<int32_t>(row_place));
      numbers.push_back(static_cast<int32_t>(by_columns ? column_place : row_place));
    }
    if (entries.size() == begin) return m.unsupported("a window of padding alone");
    entries.resize(begin + static_cast<size_t>(taps), static_cast<int32_t>(pixels));
    numbers.resize(entries.size(), 0);
  }
  const auto table = [&](const std::vector<int32_t>& list) {
    return m.constant({.name = "entries",
                       .type = DType::i32,
                       .shape = {windows, taps},
                       .data = Data::of(std::span<const int32_t>(list))});
  };
  const DType type = m.type(x);
  const TensorId wide = m.cast(x, Maker::is_float(type) ? DType::f32 : DType::i32);
  TensorId flat = m.reshape(wide, Ints{images, pixels});
  flat = m.pad(flat, {0, 0}, {0, 1}, m.like(flat, lowest(m.type(flat))));
  const TensorId seen = m.op(Op::gather, {flat, table(entries)}, GatherAttrs{1, 0}, flat);
  const TensorId first = m.op(Op::arg_max, {seen, m.reshape(m.i32s(Ints{2}), Shape{})}, ArgMaxAttrs{});
  // Window · taps + tap into the numbers.
  std::vector<int32_t> rows, bases;
  for (int64_t w = 0; w < windows; ++w) rows.push_back(static_cast<int32_t>(w * taps));
  const TensorId row = m.constant(
      {.name = "rows", .type = DType::i32, .shape = {windows}, .data = Data::of(std::span<const int32_t>(rows))});
  const TensorId at = m.add(m.cast(first, DType::i32), row);
  const TensorId number =
      m.cast(m.op(Op::gather, {m.reshape(table(numbers), Ints{windows * taps}), at}, GatherAttrs{0, 0}), DType::i64);
  Ints base;
  for (int64_t i = 0; i < images; ++i) base.push_back(i * pixels);
  return m.reshape(m.add(number, m.reshape(m.i64s(base), Ints{images, 1})), dims);
}

TensorId largest(Maker& m, Call& c, const std::vector<Slide>& s, bool up);

Ids max_pool(Maker& m, Call& c) {
  const bool up = c.i("ceil_mode", 0) != 0;
  const auto s = slides(m, c, m.shape(c[0]), {}, up);
  if (m.failed()) return {};
  const TensorId y = largest(m, c, s, up);
  if (!c.wants(1)) return {y};
  if (bits(m.type(c[0])) > 32) return {m.unsupported(format("indices of {}", name(m.type(c[0]))))};
  return {y, places(m, c[0], s, up, c.i("storage_order", 0) != 0)};
}

TensorId largest(Maker& m, Call& c, const std::vector<Slide>& s, bool up) {
  if (plain(m, c[0], s) && unpadded(s, up)) return pooled(m, Op::max_pool, c[0], s, Padding::valid);
  if (plain(m, c[0], s) && all_same(s, up)) return pooled(m, Op::max_pool, c[0], s, Padding::same);
  Padded p = padded(m, c[0], s, up, lowest(m.type(c[0])));
  if (plain(m, c[0], s)) {
    for (size_t a = 0; a < s.size(); ++a)  // windows end where the last one does
      p.x = m.part(p.x, static_cast<int>(a) + 2, 0, (p.counts[a] - 1) * s[a].stride + s[a].kernel);
    return pooled(m, Op::max_pool, p.x, s, Padding::valid);
  }
  TensorId y = p.x;
  for (size_t a = 0; a < s.size(); ++a) y = along(m, y, static_cast<int>(a) + 2, s[a], p.counts[a], Kind::max);
  return y;
}

// Sums over windows, and how many entries of the image each window holds (`padding`: those of the padding too).
TensorId sums(Maker& m, TensorId x, const std::vector<Slide>& s, bool up) {
  const Padded p = padded(m, x, s, up, 0);
  TensorId y = p.x;
  for (size_t a = 0; a < s.size(); ++a) y = along(m, y, static_cast<int>(a) + 2, s[a], p.counts[a], Kind::sum);
  return y;
}

TensorId counts(Maker& m, const std::vector<Slide>& s, bool up, bool padding) {
  TensorId all = m.scalar(1.0f);
  for (size_t a = 0; a < s.size(); ++a) {
    std::vector<float> list;
    for (int64_t i = 0; i < s[a].windows(up); ++i) {
      int64_t inside = 0;
      for (int64_t k = 0; k < s[a].kernel; ++k) {
        const int64_t at = i * s[a].stride + k * s[a].dilation - s[a].before;
        inside += padding ? at < s[a].in + s[a].after : at >= 0 && at < s[a].in;
      }
      list.push_back(static_cast<float>(inside));
    }
    Shape shape;
    for (size_t d = 0; d < s.size(); ++d) shape.push_back(d == a ? std::ssize(list) : 1);
    all = m.mul(all, m.values(shape, list));
  }
  return all;
}

Ids average_pool(Maker& m, Call& c) {
  const bool up = c.i("ceil_mode", 0) != 0, padding = c.i("count_include_pad", 0) != 0;
  const auto s = slides(m, c, m.shape(c[0]), {}, up);
  if (m.failed()) return {};
  const bool floats = m.type(c[0]) == DType::f32;
  if (floats && plain(m, c[0], s) && unpadded(s, up)) return {pooled(m, Op::average_pool, c[0], s, Padding::valid)};
  if (floats && plain(m, c[0], s) && all_same(s, up) && !padding)
    return {pooled(m, Op::average_pool, c[0], s, Padding::same)};
  for (const Slide& a : s)
    if (a.kernel > 256 || a.windows(up) > (1 << 20))
      return {m.unsupported(format("padded windows of {} entries", a.kernel))};
  const DType type = m.type(c[0]);
  return {m.cast(m.div(sums(m, m.cast(c[0], DType::f32), s, up), counts(m, s, up, padding)), type)};
}

Ids global(Maker& m, Call& c, Op op) {
  Ints axes;
  for (int d = 2; d < m.rank(c[0]); ++d) axes.push_back(d);
  if (axes.empty()) return {m.bad(format("{} has no image", m.at(c[0]).to_string()))};
  return {m.reduce(op, c[0], axes, true)};
}

// (Σ |x|ᵖ)^(1/p)
TensorId root(Maker& m, TensorId x, int64_t p) {
  if (p == 1) return x;
  if (p == 2) return m.unary(Op::sqrt, x);
  return m.unary(Op::exp, m.mul(m.unary(Op::log, x), 1 / static_cast<float>(p)));
}
TensorId power(Maker& m, TensorId x, int64_t p) {
  if (p % 2) x = m.unary(Op::abs, x);
  TensorId y = x;
  for (int64_t i = 1; i < p; ++i) y = m.mul(y, x);
  return y;
}

Ids lp_pool(Maker& m, Call& c) {
  const bool up = c.i("ceil_mode", 0) != 0;
  const int64_t p = c.i("p", 2);
  if (p < 1 || p > 16) return {m.unsupported(format("p = {}", p))};
  const auto s = slides(m, c, m.shape(c[0]), {}, up);
  if (m.failed()) return {};
  return {root(m, sums(m, power(m, c[0], p), s, up), p)};
}

Ids global_lp_pool(Maker& m, Call& c) {
  const int64_t p = c.i("p", 2);
  if (p < 1 || p > 16) return {m.unsupported(format("p = {}", p))};
  Ints axes;
  for (int d = 2; d < m.rank(c[0]); ++d) axes.push_back(d);
  return {root(m, m.reduce(Op::sum, power(m, c[0], p), axes, true), p)};
}

constexpr Rule kRules[] = {
    {"AveragePool", 1, 1, average_pool},
    {"GlobalAveragePool", 1, 1, [](Maker& m, Call& c) -> Ids { return global(m, c, Op::mean); }},
    {"GlobalLpPool", 1, 1, global_lp_pool},
    {"GlobalMaxPool", 1, 1, [](Maker& m, Call& c) -> Ids { return global(m, c, Op::reduce_max); }},
    {"LpPool", 1, 1, lp_pool},
    {"MaxPool", 1, 1, max_pool},
};

}  // namespace

std::span<const Rule> pool_rules() { return kRules; }

}  // namespace thimble::onnx
