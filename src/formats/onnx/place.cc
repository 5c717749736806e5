// ONNX's operators that put values at places: Col2Im, MaxUnpool, TensorScatter.
#include <algorithm>

#include "formats/onnx/window.h"
#include "ops/gather/gather.h"
#include "ops/nd_index/nd_index.h"

namespace thimble::onnx {
namespace {

TensorId whole(Maker& m, int64_t value) { return m.scalar(DType::i32, static_cast<double>(value)); }

// Columns [n, channels · taps, windows] back where their windows lie, added up where these overlap.
Ids col2im(Maker& m, Call& c) {
  const Ints image = m.ints(c[1], "the image's shape"), block = m.ints(c[2], "the block's shape");
  if (m.failed()) return {};
  const Shape x = m.shape(c[0]);
  const size_t axes = image.size();
  const Ints strides = c.ints("strides", Ints(axes, 1)), dilations = c.ints("dilations", Ints(axes, 1)),
             pads = c.ints("pads", Ints(2 * axes, 0));
  if (m.failed()) return {};
  if (x.rank() != 3 || axes < 1 || axes + 2 > Shape::kMaxRank || block.size() != axes || strides.size() != axes ||
      dilations.size() != axes || pads.size() != 2 * axes)
    return {m.bad(format("{} sizes for blocks in {}", axes, x.to_string()))};
  std::vector<Slide> s;
  int64_t taps = 1, windows = 1, entries = 1;
  constexpr int64_t kMost = int64_t{1} << 24;
  for (size_t a = 0; a < axes; ++a) {
    for (const int64_t v : {image[a], block[a], strides[a], dilations[a]})
      if (v < 1 || v > kMost) return {m.bad(format("a size, stride or dilation of {}", v))};
    for (const int64_t v : {pads[a], pads[axes + a]})
      if (v < 0 || v > kMost) return {m.bad(format("padding of {}", v))};
    s.push_back({image[a], block[a], strides[a], dilations[a], pads[a], pads[axes + a]});
    const int64_t count = s.back().windows();
    if (count < 1) return {m.bad(format("a block of {} does not fit {}", s.back().span(), image[a]))};
    taps *= block[a], windows *= count, entries *= image[a] + pads[a] + pads[axes + a];
    if (taps > kMost || windows > kMost || entries > kMost || taps * windows > kMost)
      return {m.unsupported("so large an image")};
  }
  if (x[2] != windows || x[1] % taps) return {m.bad(format("{} for {} windows of {}", x.to_string(), windows, taps))};
  const int64_t channels = x[1] / taps;
  std::vector<int32_t> list;
  for (int64_t t = 0; t < taps; ++t)
    for (int64_t w = 0; w < windows; ++w) {
      int64_t place = 0, scale = 1, tap = t, window = w;
      for (size_t a = axes; a-- > 0;) {
        place += (window % s[a].windows() * s[a].stride + tap % s[a].kernel * s[a].dilation) * scale;
        scale *= s[a].in + s[a].before + s[a].after;
        tap /= s[a].kernel, window /= s[a].windows();
      }
      list.push_back(static_cast<int32_t>(place));
    }
  const TensorId at = m.constant({.name = "places",
                                  .type = DType::i32,
                                  .shape = {taps * windows, 1},
                                  .data = Data::of(std::span<const int32_t>(list))});
  const TensorId apart = m.reshape(m.cast(c[0], Maker::wide(m.type(c[0]))), Ints{x[0] * channels, taps * windows});
  TensorId y =
      m.op(Op::scatter_nd, {at, m.transpose(apart, {1, 0}), m.i32s(Ints{entries, x[0] * channels})}, NdIndexAttrs{});
  Ints dims{x[0], channels};
  for (const Slide& a : s) dims.push_back(a.in + a.before + a.after);
  y = m.reshape(m.transpose(y, {1, 0}), dims);
  for (size_t a = 0; a < axes; ++a) y = m.part(y, static_cast<int>(a) + 2, s[a].before, s[a].in);
  return {m.cast(y, m.type(c[0]))};
}

// Values where a MaxPool found them, zeros elsewhere. The places are those in the image that the attributes imply; a
// larger image holds it in its corner.
Ids max_unpool(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  const auto axes = static_cast<size_t>(std::max(0, x.rank() - 2));
  const Ints kernel = c.ints("kernel_shape"), strides = c.ints("strides", Ints(axes, 1)),
             pads = c.ints("pads", Ints(2 * axes, 0)), wanted = c.has(2) ? m.ints(c[2], "the shape") : Ints{};
  if (m.failed()) return {};
  if (axes < 1 || kernel.size() != axes || strides.size() != axes || pads.size() != 2 * axes || !(m.shape(c[1]) == x) ||
      (c.has(2) && std::ssize(wanted) != x.rank()))
    return {m.bad(format("a kernel of {} sizes over {}", kernel.size(), x.to_string()))};
  Ints dims{x[0], x[1]};
  for (size_t a = 0; a < axes; ++a) {
    constexpr int64_t kMost = int64_t{1} << 24;
    for (const int64_t v : {kernel[a], strides[a]})
      if (v < 1 || v > kMost) return {m.bad(format("kernel or stride of {}", v))};
    // What two windows share would be added up.
    if (kernel[a] > strides[a])
      return {m.unsupported(format("windows that overlap ({} entries, {} apart)", kernel[a], strides[a]))};
    dims.push_back((x[static_cast<int>(a) + 2] - 1) * strides[a] - pads[a] - pads[axes + a] + kernel[a]);
    if (dims.back() < 1 || dims.back() > kMost) return {m.bad(format("an image of {}", dims.back()))};
  }
  auto shape = Shape::make(std::span<const int64_t>(dims));
  if (!shape || shape->elements() > INT32_MAX) return {m.unsupported("so large an image")};
  const TensorId at = m.reshape(m.cast(c[1], DType::i32), Ints{x.elements(), 1});
  const DType type = m.type(c[0]);
  const TensorId values = m.reshape(m.cast(c[0], Maker::wide(type)), Ints{x.elements()});
  TensorId y = m.op(Op::scatter_nd, {at, values, m.i32s(Ints{shape->elements()})}, NdIndexAttrs{});
  y = m.cast(m.reshape(y, *shape), type);
  if (!c.has(2)) return {y};
  Ints after;
  for (size_t d = 0; d < wanted.size(); ++d) {
    after.push_back(wanted[d] - dims[d]);
    if (after.back() < 0 || after.back() > INT32_MAX || (d < 2 && after.back() != 0))
      return {m.bad(format("an image of {} in one of {}", dims[d], wanted[d]))};
  }
  return {m.pad(y, Ints(after.size(), 0), after)};
}

// A cache with an update from each sample's own place on.
Ids tensor_scatter(Maker& m, Call& c) {
  const Shape past = m.shape(c[0]), update = m.shape(c[1]);
  const int axis = m.axis(c.i("axis", -2), past.rank());
  const std::string_view mode = c.s("mode", "linear");
  bool fits = !m.failed() && past.rank() == update.rank() && axis > 0 && m.type(c[0]) == m.type(c[1]) &&
              (mode == "linear" || mode == "circular");
  for (int d = 0; fits && d < past.rank(); ++d)
    fits = d == axis ? update[d] >= 1 && update[d] <= past[d] : update[d] == past[d];
  if (!fits || past[axis] > INT32_MAX || (c.has(2) && m.shape(c[2]).elements() != past[0]))
    return {m.bad(format("an update {} of {}", update.to_string(), past.to_string()))};
  const int64_t batch = past[0], length = past[axis], fresh = update[axis];
  Ints list;
  for (int64_t k = 0; k < length; ++k) list.push_back(k);
  const TensorId places = m.reshape(m.i32s(list), Ints{1, length});
  const TensorId given = c.has(2) ? m.cast(c[2], DType::i32) : m.expand(whole(m, 0), Shape{batch});
  // Which entry of the update comes here: outside it the cache stays.
  TensorId entry = m.sub(places, m.reshape(given, Ints{batch, 1}));
  if (mode == "circular") entry = m.compute(Op::floor_mod, {entry, whole(m, length)});
  const TensorId written =
      m.op(Op::logical_and, {m.op(Op::greater_equal, {entry, whole(m, 0)}), m.op(Op::less, {entry, whole(m, fresh)})});
  const TensorId from = m.minimum(m.maximum(entry, whole(m, 0)), whole(m, fresh - 1));
  Ints perm{0, axis}, back(static_cast<size_t>(past.rank()));
  for (int d = 1; d < past.rank(); ++d)
    if (d != axis) perm.push_back(d);
  for (size_t d = 0; d < perm.size(); ++d) back[static_cast<size_t>(perm[d])] = static_cast<int64_t>(d);
  const TensorId rows = m.transpose(c[1], perm);
  const TensorId spread = m.transpose(m.op(Op::gather, {rows, from}, GatherAttrs{1, 1}, rows), back);
  Ints dims(static_cast<size_t>(past.rank()), 1);
  dims[0] = batch, dims[static_cast<size_t>(axis)] = length;
  return {m.select(m.reshape(written, dims), spread, c[0])};
}

constexpr Rule kRules[] = {
    {"Col2Im", 3, 3, col2im},
    {"MaxUnpool", 2, 3, max_unpool},
    {"TensorScatter", 2, 3, tensor_scatter},
};

}  // namespace

std::span<const Rule> place_rules() { return kRules; }

}  // namespace thimble::onnx
