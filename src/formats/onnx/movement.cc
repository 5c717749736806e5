// ONNX's operators that move elements.
#include <algorithm>

#include "base/numbers.h"
#include "formats/onnx/rule.h"
#include "ops/gather/gather.h"

namespace thimble::onnx {
namespace {

Ids concat(Maker& m, Call& c) {
  if (!c.given("axis")) return {m.bad("it has no axis")};
  const int axis = m.axis(c.i("axis", 0), m.rank(c[0]));
  return {m.concat(c.in, axis)};
}

// Equal parts (the last one shorter, since opset 18), or parts of the sizes given.
Ids split(Maker& m, Call& c) {
  bool given;
  Ints sizes = c.ints_of(1, "split", &given);
  const int axis = m.axis(c.i("axis", 0), m.rank(c[0]));
  if (m.failed()) return {};
  const int64_t length = m.shape(c[0])[axis];
  const auto parts = static_cast<int64_t>(c.outs());
  if (!given) {
    const int64_t count = c.i("num_outputs", parts);
    if (count != parts) return {m.bad(format("num_outputs is {}, there are {} outputs", count, parts))};
    if (c.opset < 18 && length % parts) return {m.bad(format("{} does not divide into {} parts", length, parts))};
    const int64_t each = ceil_div(length, parts);
    for (int64_t k = 0, left = length; k < parts; ++k, left -= sizes.back()) sizes.push_back(std::min(each, left));
  }
  if (std::ssize(sizes) != parts) return {m.bad(format("{} sizes for {} outputs", sizes.size(), parts))};
  Ids out;
  int64_t begin = 0;
  for (const int64_t size : sizes) {
    if (size < 0 || size > length - begin) return {m.bad(format("the parts are longer than {}", length))};
    out.push_back(m.part(c[0], axis, begin, size));
    begin += size;
  }
  if (begin != length) return {m.bad(format("the parts come to {} of {}", begin, length))};
  return out;
}

Ids slice(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  const Ints starts = c.has(1) ? m.ints(c[1], "starts") : c.ints("starts");
  const Ints ends = c.has(2) ? m.ints(c[2], "ends") : c.ints("ends");
  Ints axes = c.has(3) ? m.ints(c[3], "axes") : c.ints("axes");
  Ints steps = c.has(4) ? m.ints(c[4], "steps") : Ints(starts.size(), 1);
  if (m.failed()) return {};
  if (axes.empty())
    for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    return {m.bad("starts, ends, axes and steps have not one length")};
  Ints begin(static_cast<size_t>(x.rank()), 0), end(x.dims().begin(), x.dims().end()), stride(begin.size(), 1);
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto a = static_cast<size_t>(m.axis(axes[i], x.rank()));
    if (m.failed()) return {};
    const int64_t n = x[static_cast<int>(a)];
    if (steps[i] == 0 || steps[i] == INT64_MIN) return {m.bad(format("step {}", steps[i]))};
    const auto place = [&](int64_t at, int64_t low, int64_t high) {
      return std::clamp(at < 0 ? at + n : at, std::min(low, high), high);
    };
    stride[a] = std::clamp<int64_t>(steps[i], -INT32_MAX, INT32_MAX);
    begin[a] = steps[i] > 0 ? place(starts[i], 0, n) : place(starts[i], 0, n - 1);
    end[a] = steps[i] > 0 ? place(ends[i], 0, n) : place(ends[i], -1, n - 1);
    const bool empty = steps[i] > 0 ? begin[a] >= end[a] : begin[a] <= end[a];
    if (empty) begin[a] = end[a] = 0, stride[a] = 1;
  }
  const bool dense = std::ranges::all_of(stride, [](int64_t s) { return s == 1; });
  if (!dense) return {m.strided(c[0], begin, end, stride)};
  TensorId y = c[0];
  for (int d = 0; d < x.rank(); ++d)
    y = m.part(y, d, begin[static_cast<size_t>(d)], end[static_cast<size_t>(d)] - begin[static_cast<size_t>(d)]);
  return {y};
}

// One axis longer by what lies mirrored, repeated or on the other side.
TensorId extended(Maker& m, TensorId x, int axis, int64_t before, int64_t after, std::string_view mode) {
  const int64_t n = m.shape(x)[axis];
  if (m.failed() || (before == 0 && after == 0)) return x;
  if (n == 0) return m.bad("nothing is there to pad with");
  if (n + before + after > (int64_t{1} << 24)) return m.unsupported("so much padding");
  Ints picks;
  for (int64_t i = -before; i < n + after; ++i) {
    int64_t k = i;
    if (mode == "edge") k = std::clamp<int64_t>(i, 0, n - 1);
    if (mode == "wrap") k = ((i % n) + n) % n;
    if (mode == "reflect") {
      const int64_t period = std::max<int64_t>(1, 2 * (n - 1));
      k = ((i % period) + period) % period;
      if (k >= n) k = period - k;
    }
    picks.push_back(k);
  }
  return m.op(Op::gather, {x, m.i32s(picks)}, GatherAttrs{axis, 0}, x);
}

Ids pad(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  const Ints pads = c.has(1) ? m.ints(c[1], "the paddings") : c.ints("pads");
  Ints axes = c.has(3) ? m.ints(c[3], "axes") : Ints();
  if (m.failed()) return {};
  if (!c.has(3))
    for (int d = 0; d < x.rank(); ++d) axes.push_back(d);
  if (pads.size() != 2 * axes.size()) return {m.bad(format("{} paddings for {} axes", pads.size(), axes.size()))};
  Ints before(static_cast<size_t>(x.rank()), 0), after = before;
  TensorId y = c[0];
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto a = static_cast<size_t>(m.axis(axes[i], x.rank()));
    if (m.failed()) return {};
    before[a] = pads[i], after[a] = pads[axes.size() + i];
    for (const int64_t p : {before[a], after[a]})
      if (p > INT32_MAX || p < -INT32_MAX) return {m.bad(format("padding of {}", p))};
    const int64_t cut_before = std::max<int64_t>(0, -before[a]), cut_after = std::max<int64_t>(0, -after[a]);
    const int64_t left = x[static_cast<int>(a)] - cut_before - cut_after;
    if (left < 0) return {m.bad(format("{} entries are cut off {}", cut_before + cut_after, x.to_string()))};
    y = m.part(y, static_cast<int>(a), cut_before, left);
    before[a] = std::max<int64_t>(0, before[a]), after[a] = std::max<int64_t>(0, after[a]);
  }
  const std::string_view mode = c.s("mode", "constant");
  if (mode == "constant") {
    TensorId value = c.has(2) ? c[2] : c.given("value") ? m.like(y, c.f("value", 0)) : kNoTensor;
    if (value != kNoTensor && m.rank(value) > 0) value = m.reshape(value, Shape{});
    return {m.pad(y, before, after, value)};
  }
  if (mode != "reflect" && mode != "edge" && mode != "wrap") return {m.bad(format("mode \"{}\"", mode))};
  for (int d = 0; d < x.rank(); ++d)
    y = extended(m, y, d, before[static_cast<size_t>(d)], after[static_cast<size_t>(d)], mode);
  return {y};
}

// Indices below 0 count from the end.
TensorId from_front(Maker& m, TensorId indices, int64_t length) {
  if (m.constant(indices)) {
    Ints list = m.ints(indices, "the indices");
    for (int64_t& k : list) k = k < 0 ? k + length : k;
    return m.reshape(m.i64s(list), m.shape(indices));
  }
  return kNoTensor;
}

Ids gather(Maker& m, Call& c) {
  const int axis = m.axis(c.i("axis", 0), m.rank(c[0]));
  if (m.failed()) return {};
  TensorId indices = from_front(m, c[1], m.shape(c[0])[axis]);
  if (indices == kNoTensor) {  // the last `length` entries stand once more before the first
    const int64_t n = m.shape(c[0])[axis];
    if (n > INT32_MAX / 2) return {m.unsupported(format("an axis of {} entries", n))};
    const TensorId twice = m.concat({c[0], c[0]}, axis);
    const TensorId shifted = m.add(m.cast(c[1], DType::i32), m.scalar(DType::i32, static_cast<double>(n)));
    return {m.op(Op::gather, {twice, shifted}, GatherAttrs{axis, 0}, c[0])};
  }
  return {m.op(Op::gather, {c[0], indices}, GatherAttrs{axis, 0}, c[0])};
}

Ids tile(Maker& m, Call& c) {
  const Ints repeats = m.ints(c[1], "the repeats");
  if (m.failed()) return {};
  TensorId y = c[0];
  if (std::ssize(repeats) != m.rank(y))
    return {m.bad(format("{} repeats for {}", repeats.size(), m.shape(y).to_string()))};
  for (int d = 0; d < std::ssize(repeats); ++d) {
    const int64_t times = repeats[static_cast<size_t>(d)];
    if (times < 0 || times > INT32_MAX) return {m.bad(format("{} repeats", times))};
    if (times == 0) {
      y = m.part(y, d, 0, 0);
      continue;
    }
    TensorId all = y;
    int64_t made = 1;
    for (; made * 2 <= times && !m.failed(); made *= 2) all = m.concat({all, all}, d);
    if (made < times) all = m.concat({all, m.part(all, d, 0, (times - made) * m.shape(y)[d])}, d);
    y = all;
  }
  return {y};
}

// [n, c, h, w] ↔ [n, c / b², h · b, w · b]
Ids depth_to_space(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  const int64_t b = c.i("blocksize", 0);
  if (x.rank() != 4 || b < 1 || b > 4096 || x[1] % (b * b))
    return {m.bad(format("blocks of {} in {}", b, x.to_string()))};
  const int64_t n = x[0], k = x[1] / (b * b), h = x[2], w = x[3];
  const bool crd = c.s("mode", "DCR") == "CRD";
  TensorId y = m.reshape(c[0], crd ? Ints{n, k, b, b, h, w} : Ints{n, b, b, k, h, w});
  y = crd ? m.transpose(y, {0, 1, 4, 2, 5, 3}) : m.transpose(y, {0, 3, 4, 1, 5, 2});
  return {m.reshape(y, Ints{n, k, h * b, w * b})};
}

Ids space_to_depth(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  const int64_t b = c.i("blocksize", 0);
  if (x.rank() != 4 || b < 1 || b > 4096 || x[2] % b || x[3] % b)
    return {m.bad(format("blocks of {} in {}", b, x.to_string()))};
  TensorId y = m.reshape(c[0], Ints{x[0], x[1], x[2] / b, b, x[3] / b, b});
  if (c.s("mode", "DCR") == "CRD")
    y = m.transpose(y, {0, 1, 3, 5, 2, 4});
  else
    y = m.transpose(y, {0, 3, 5, 1, 2, 4});
  return {m.reshape(y, Ints{x[0], x[1] * b * b, x[2] / b, x[3] / b})};
}

constexpr Rule kRules[] = {
    {"Concat", 1, INT32_MAX, concat}, {"DepthToSpace", 1, 1, depth_to_space},
    {"Gather", 2, 2, gather},         {"Pad", 1, 4, pad},
    {"Slice", 1, 5, slice},           {"SpaceToDepth", 1, 1, space_to_depth},
    {"Split", 1, 2, split},           {"Tile", 2, 2, tile},
};

}  // namespace

std::span<const Rule> movement_rules() { return kRules; }

}  // namespace thimble::onnx
