// ONNX's operators that pick, scatter, find and order by indices.
#include <algorithm>
#include <limits>

#include "formats/onnx/constants.h"
#include "formats/onnx/rule.h"
#include "ops/arg_max/arg_max.h"
#include "ops/cumsum/cumsum.h"
#include "ops/gather/gather.h"
#include "ops/nd_index/nd_index.h"
#include "ops/rearrange/rearrange.h"
#include "ops/reverse_sequence/reverse_sequence.h"
#include "ops/select_boxes/select_boxes.h"
#include "ops/topk_v2/topk_v2.h"
#include "ops/where/where.h"

namespace thimble::onnx {
namespace {

// Indices as int32, those below 0 counted from the end of `length` entries.
TensorId from_front(Maker& m, TensorId indices, int64_t length) {
  if (length > INT32_MAX) return m.unsupported(format("indices into {} entries", length));
  const TensorId i = m.cast(indices, DType::i32), n = m.scalar(DType::i32, static_cast<double>(length));
  return m.select(m.op(Op::less, {i, m.scalar(DType::i32, 0)}), m.add(i, n), i);
}

Ints strides_of(const Shape& s) {
  Ints strides(static_cast<size_t>(s.rank()), 1);
  for (int d = s.rank() - 2; d >= 0; --d)
    strides[static_cast<size_t>(d)] = strides[static_cast<size_t>(d) + 1] * s[d + 1];
  return strides;
}

// Where in the flattened x an entry of `indices` lies that stands for its own place but along one axis.
TensorId places(Maker& m, TensorId indices, const Shape& x, int axis) {
  const Shape s = m.shape(indices);
  const Ints strides = strides_of(x);
  if (x.elements() > INT32_MAX) return m.unsupported(format("indices into {} entries", x.elements()));
  if (s.rank() != x.rank()) return m.bad(format("indices {} into {}", s.to_string(), x.to_string()));
  std::vector<int32_t> base;
  std::vector<int64_t> at(static_cast<size_t>(s.rank()), 0);
  if (s.elements() > Maker::kMostBytes / 4) return m.unsupported("so many indices");
  for (int64_t i = 0; i < s.elements(); ++i) {
    int64_t place = 0;
    for (int d = 0; d < s.rank(); ++d)
      place += d == axis ? 0 : at[static_cast<size_t>(d)] * strides[static_cast<size_t>(d)];
    base.push_back(static_cast<int32_t>(place));
    for (int d = s.rank(); d-- > 0 && ++at[static_cast<size_t>(d)] == s[d];) at[static_cast<size_t>(d)] = 0;
  }
  for (int d = 0; d < s.rank(); ++d)
    if (d != axis && s[d] > x[d]) return m.bad(format("indices {} into {}", s.to_string(), x.to_string()));
  const TensorId bases =
      m.constant({.name = "places", .type = DType::i32, .shape = s, .data = Data::of(std::span<const int32_t>(base))});
  const TensorId along = from_front(m, indices, x[axis]);
  // What is outside the axis must not become another entry: it stays outside all of x.
  const TensorId length = m.scalar(DType::i32, static_cast<double>(x[axis]));
  const TensorId outside = m.op(
      Op::logical_or, {m.op(Op::less, {along, m.scalar(DType::i32, 0)}), m.op(Op::greater_equal, {along, length})});
  const TensorId place =
      m.add(bases, m.mul(along, m.scalar(DType::i32, static_cast<double>(strides[static_cast<size_t>(axis)]))));
  return m.select(outside, m.scalar(DType::i32, -1), place);
}

Ids gather_elements(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  const int axis = m.axis(c.i("axis", 0), x.rank());
  const TensorId at = places(m, c[1], x, axis);
  return {m.op(Op::gather, {m.reshape(c[0], Ints{x.elements()}), at}, GatherAttrs{0, 0}, c[0])};
}

// Coordinates below 0 count from the ends of the first k dimensions.
TensorId coordinates(Maker& m, TensorId indices, const Shape& x, int first) {
  const int64_t k = m.shape(indices).dim(-1);
  if (m.failed() || m.rank(indices) == 0 || k < 1 || k > x.rank() - first)
    return m.bad(format("{} coordinates in {}", k, x.to_string()));
  std::vector<int32_t> sizes;
  for (int64_t d = 0; d < k; ++d) sizes.push_back(static_cast<int32_t>(x[first + static_cast<int>(d)]));
  const TensorId n = m.constant(
      {.name = "sizes", .type = DType::i32, .shape = {k}, .data = Data::of(std::span<const int32_t>(sizes))});
  const TensorId i = m.cast(indices, DType::i32);
  return m.select(m.op(Op::less, {i, m.scalar(DType::i32, 0)}), m.add(i, n), i);
}

// Batch dimensions become coordinates of their own.
Ids gather_nd(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]), s = m.shape(c[1]);
  const int64_t batch = c.i("batch_dims", 0);
  if (batch < 0 || batch >= std::min(x.rank(), s.rank())) return {m.bad(format("batch_dims is {}", batch))};
  TensorId at = coordinates(m, c[1], x, static_cast<int>(batch));
  if (batch > 0 && !m.failed()) {
    Shape one = s;
    one.set(s.rank() - 1, 1);
    if (one.elements() > Maker::kMostBytes / 8) return {m.unsupported("so many indices")};
    Ids parts;
    for (int b = 0; b < batch; ++b) {
      std::vector<int32_t> list;
      const int64_t inner = one.elements(b + 1, one.rank());
      for (int64_t i = 0; i < one.elements(); ++i) list.push_back(static_cast<int32_t>(i / inner % one[b]));
      parts.push_back(m.constant(
          {.name = "batch", .type = DType::i32, .shape = one, .data = Data::of(std::span<const int32_t>(list))}));
    }
    parts.push_back(at);
    at = m.concat(parts, s.rank() - 1);
  }
  return {m.op(Op::gather_nd, {c[0], at}, NdIndexAttrs{}, c[0])};
}

// x with updates at places given by coordinates: replaced, or added to what is there.
TensorId scattered(Maker& m, TensorId x, TensorId at, TensorId updates, std::string_view reduction) {
  const DType type = m.type(x);
  const TensorId to = m.i32s(m.dims(x));
  const DType wide = Maker::wide(type);
  const TensorId sum = m.op(Op::scatter_nd, {at, m.cast(updates, wide), to}, NdIndexAttrs{});
  if (reduction == "add") return m.cast(m.add(m.cast(x, wide), sum), type);
  if (reduction != "none") return m.unsupported(format("a scatter with reduction \"{}\"", reduction));
  const TensorId ones = m.expand(m.scalar(DType::boolean, 1), m.shape(updates));
  const TensorId hit = m.op(Op::scatter_nd, {at, ones, to}, NdIndexAttrs{});
  return m.select(hit, m.cast(sum, type), x);
}

// Rows of x [rows, n] combined with updates [count, n] for the rows at [count]: every row against every update.
TensorId combined(Maker& m, TensorId x, TensorId at, TensorId updates, std::string_view reduction) {
  const Shape s = m.shape(x), u = m.shape(updates);
  const DType type = m.type(x);
  if (m.failed() || u[0] * s.elements() > (1 << 24)) return m.unsupported("so large a scatter with a reduction");
  Ints list;
  for (int64_t k = 0; k < s[0]; ++k) list.push_back(k);
  const TensorId row = m.reshape(m.i32s(list), Ints{1, s[0], 1}), place = m.reshape(at, Ints{u[0], 1, 1});
  const TensorId hit = m.op(Op::equal, {m.expand(place, Shape{u[0], s[0], s[1]}), row});
  const TensorId wide = m.cast(m.reshape(updates, Ints{u[0], 1, s[1]}), Maker::wide(type));
  const TensorId own = m.cast(x, m.type(wide));
  if (m.type(wide) != DType::f32 && m.type(wide) != DType::i32)
    return m.unsupported(format("a scatter of {} with a reduction", name(type)));
  const bool real = m.type(wide) == DType::f32;
  const double least = real ? -3.4028234663852886e38 : -2147483648.0,
               most = real ? 3.4028234663852886e38 : 2147483647.0;
  const auto over = [&](Op op, double none) {
    return m.reduce(op, m.select(hit, wide, m.like(wide, none)), {0}, false);
  };
  TensorId y = kNoTensor;
  if (reduction == "max") y = m.maximum(own, over(Op::reduce_max, least));
  if (reduction == "min") y = m.minimum(own, over(Op::reduce_min, most));
  if (reduction == "mul") y = m.mul(own, over(Op::reduce_prod, 1));
  return y == kNoTensor ? m.bad(format("reduction \"{}\"", reduction)) : m.cast(y, type);
}

Ids scatter_elements(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  const int axis = m.axis(c.i("axis", 0), x.rank());
  if (m.failed() || !(m.shape(c[1]) == m.shape(c[2]))) return {m.bad("indices and updates differ in shape")};
  const TensorId at = places(m, c[1], x, axis);
  const int64_t count = m.shape(c[1]).elements();
  const std::string_view reduction = c.s("reduction", "none");
  if (reduction != "none" && reduction != "add") {
    const TensorId rows = combined(m, m.reshape(c[0], Ints{x.elements(), 1}), m.reshape(at, Ints{count}),
                                   m.reshape(c[2], Ints{count, 1}), reduction);
    return {m.reshape(rows, x)};
  }
  const TensorId y = scattered(m, m.reshape(c[0], Ints{x.elements()}), m.reshape(at, Ints{count, 1}),
                               m.reshape(c[2], Ints{count}), c.s("reduction", "none"));
  return {m.reshape(y, x)};
}

Ids scatter_nd(Maker& m, Call& c) {
  const TensorId at = coordinates(m, c[1], m.shape(c[0]), 0);
  const std::string_view reduction = c.s("reduction", "none");
  if (!m.failed() && reduction != "none" && reduction != "add") {
    const Shape x = m.shape(c[0]);
    const int64_t k = m.shape(at).dim(-1), count = m.shape(at).elements() / k;
    const int64_t rows = x.elements(0, static_cast<int>(k)), n = x.elements(static_cast<int>(k), x.rank());
    if (m.shape(c[2]).elements() != count * n) return {m.bad(format("updates {}", m.shape(c[2]).to_string()))};
    Ints strides(static_cast<size_t>(k), 1);
    for (auto d = static_cast<int>(k) - 2; d >= 0; --d)
      strides[static_cast<size_t>(d)] = strides[static_cast<size_t>(d) + 1] * x[d + 1];
    const TensorId place = m.reduce(Op::sum, m.mul(m.reshape(at, Ints{count, k}), m.i32s(strides)), {1}, false);
    return {
        m.reshape(combined(m, m.reshape(c[0], Ints{rows, n}), place, m.reshape(c[2], Ints{count, n}), reduction), x)};
  }
  return {scattered(m, c[0], at, c[2], c.s("reduction", "none"))};
}

Ids one_hot(Maker& m, Call& c) {
  const Ints depth =
      m.floats(c[1], "the depth").empty() ? Ints{} : Ints{static_cast<int64_t>(m.floats(c[1], "the depth")[0])};
  const Shape s = m.shape(c[0]);
  if (m.failed()) return {};
  if (depth.size() != 1 || depth[0] < 1 || depth[0] > (1 << 24) || m.shape(c[2]).elements() != 2)
    return {m.bad("depth or values of a OneHot")};
  const int axis = m.axis(c.i("axis", -1), s.rank() + 1);
  if (m.failed() || s.rank() == Shape::kMaxRank) return {m.unsupported("a result of nine dimensions")};
  Ints wide = m.dims(c[0]);
  wide.insert(wide.begin() + axis, 1);
  Ints classes(wide.size(), 1), list;
  classes[static_cast<size_t>(axis)] = depth[0];
  for (int64_t k = 0; k < depth[0]; ++k) list.push_back(k);
  const TensorId hit =
      m.op(Op::equal, {m.reshape(from_front(m, c[0], depth[0]), wide), m.reshape(m.i32s(list), classes)});
  const TensorId values = m.reshape(c[2], Ints{2});
  const TensorId off = m.reshape(m.part(values, 0, 0, 1), Shape{}), on = m.reshape(m.part(values, 0, 1, 1), Shape{});
  return {m.select(hit, on, off)};
}

// Along the last axis it is ours.
Ids top_k(Maker& m, Call& c) {
  const Ints k = c.has(1) ? m.ints(c[1], "k") : Ints{c.i("k", -1)};
  const Shape x = m.shape(c[0]);
  const int axis = m.axis(c.i("axis", -1), x.rank());
  if (m.failed()) return {};
  if (k.size() != 1 || k[0] < 0 || k[0] > x[axis])
    return {m.bad(format("the first {} of {}", k.empty() ? -1 : k[0], x[axis]))};
  const bool largest = c.i("largest", 1) != 0;
  Ints perm;
  for (int d = 0; d < x.rank(); ++d) perm.push_back(d);
  std::swap(perm[static_cast<size_t>(axis)], perm.back());
  const DType type = m.type(c[0]);
  if (type == DType::f64) return {m.unsupported(format("the first of {}", name(type)))};
  // Numbers without a sign in the order of those with one.
  const bool moved = type == DType::u64;
  const TensorId middle = m.scalar(DType::i64, -0x1p63);
  const bool same = type == DType::f32 || type == DType::i32 || type == DType::i64;
  TensorId rows = m.transpose(same    ? c[0]
                              : moved ? m.add(m.cast(c[0], DType::i64), middle)
                                      : m.cast(c[0], Maker::wide(type) == DType::f32 ? DType::f32
                                                     : type == DType::u32            ? DType::i64
                                                                                     : DType::i32),
                              perm);
  const TensorId zero = m.like(rows, m.integer(rows) ? -1 : 0);  // so that the least of integers has a counterpart
  if (!largest) rows = m.sub(zero, rows);
  Ids y = m.ops(Op::topk_v2, {rows, m.reshape(m.i32s(k), Shape{})}, TopkAttrs{}, 2, m.at(rows));
  if (m.failed()) return {};
  if (!largest) y[0] = m.sub(zero, y[0]);
  if (moved) y[0] = m.add(y[0], middle);
  return {m.cast(m.transpose(y[0], perm), type), m.cast(m.transpose(y[1], perm), DType::i64)};
}

Ids arg(Maker& m, Call& c, Op op) {
  const Shape x = m.shape(c[0]);
  const int axis = m.axis(c.i("axis", 0), x.rank());
  if (m.failed()) return {};
  const DType type = m.type(c[0]);
  TensorId from = c[0];
  if (type != DType::f32 && type != DType::i32)
    from = m.cast(from, Maker::wide(type) == DType::f32 ? DType::f32 : DType::i32);
  if (type == DType::i64 || type == DType::u32 || type == DType::u64 || type == DType::f64)
    return {m.unsupported(format("{} of {}", name(op), name(type)))};
  const bool last = c.i("select_last_index", 0) != 0;
  if (last) from = m.op(Op::reverse, {from, m.i32s(Ints{axis})}, RearrangeAttrs{}, from);
  TensorId y = m.op(op, {from, m.reshape(m.i32s(Ints{axis}), Shape{})}, ArgMaxAttrs{});
  if (last) y = m.sub(m.scalar(m.type(y), static_cast<double>(x[axis] - 1)), y);
  Ints dims = m.dims(y);
  if (c.i("keepdims", 1)) dims.insert(dims.begin() + axis, 1);
  return {m.reshape(m.cast(y, DType::i64), dims)};
}

// 1 at the largest entry of each row, the first of equal ones.
Ids hardmax(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  const int axis = m.axis(c.i("axis", c.opset < 13 ? 1 : -1), x.rank());
  if (m.failed()) return {};
  TensorId rows = c[0];
  int at = axis;
  if (c.opset < 13) rows = m.reshape(rows, Ints{x.elements(0, axis), x.elements(axis, x.rank())}), at = 1;
  const Shape s = m.shape(rows);
  const TensorId top =
      m.op(Op::arg_max, {m.cast(rows, DType::f32), m.reshape(m.i32s(Ints{at}), Shape{})}, ArgMaxAttrs{});
  Ints kept = m.dims(rows), line(static_cast<size_t>(s.rank()), 1), list;
  kept[static_cast<size_t>(at)] = 1, line[static_cast<size_t>(at)] = s[at];
  for (int64_t k = 0; k < s[at]; ++k) list.push_back(k);
  const TensorId hit = m.op(Op::equal, {m.reshape(top, kept), m.reshape(m.i32s(list), line)});
  return {m.reshape(m.cast(hit, m.type(c[0])), x)};
}

Ids cumsum(Maker& m, Call& c) {
  const Ints axis = m.ints(c[1], "the axis");
  if (m.failed() || axis.size() != 1) return {m.bad("the axis is one number")};
  const TensorId at = m.reshape(m.i32s(axis), Shape{});
  return {m.compute(Op::cumsum, {c[0], at}, CumsumAttrs{c.i("exclusive", 0) != 0, c.i("reverse", 0) != 0})};
}

// Its values decide the shape. A number is a list of one, as ONNX Runtime has it.
Ids nonzero(Maker& m, Call& c) {
  TensorId x = c[0];
  if (!m.constant(x)) m.ints(x, "what NonZero counts");
  if (m.rank(x) == 0) x = m.reshape(x, Ints{1});
  const TensorId found = m.op(Op::where, {x}, WhereAttrs{});
  return {m.transpose(found, {1, 0})};
}

// One number of any shape, cast to a type; `otherwise` where it is left out.
TensorId number(Maker& m, Call& c, size_t input, DType type, double otherwise) {
  return c.has(input) ? m.cast(c[input], type) : m.scalar(type, otherwise);
}

Ids non_max_suppression(Maker& m, Call& c) {
  const int64_t form = c.i("center_point_box", 0);
  if (form != 0 && form != 1) return {m.bad(format("center_point_box is {}", form))};
  const TensorId most = number(m, c, 2, DType::i64, 0), overlap = number(m, c, 3, DType::f32, 0);
  const TensorId least = number(m, c, 4, DType::f32, -std::numeric_limits<double>::infinity());
  return {m.op(Op::select_boxes, {c[0], c[1], most, overlap, least}, SelectBoxesAttrs{form == 1})};
}

Ids reverse_sequence(Maker& m, Call& c) {
  const int axis = m.axis(c.i("time_axis", 0), m.rank(c[0])), batch = m.axis(c.i("batch_axis", 1), m.rank(c[0]));
  return {m.op(Op::reverse_sequence, {c[0], c[1]}, ReverseSequenceAttrs{axis, batch}, c[0])};
}

Ids eye_like(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  if (x.rank() != 2 || x.elements() > Maker::kMostBytes / 4) return {m.bad(format("{} is no matrix", x.to_string()))};
  const int64_t k = c.i("k", 0);
  std::vector<float> list;
  for (int64_t r = 0; r < x[0]; ++r)
    for (int64_t j = 0; j < x[1]; ++j) list.push_back(j - r == k ? 1.0f : 0.0f);
  const TensorId ones = m.values(x, list);
  if (!c.given("dtype")) return {m.cast(ones, m.type(c[0]))};
  auto type = dtype_of(static_cast<int32_t>(std::clamp<int64_t>(c.i("dtype", 1), -1, 1000)));
  return {type ? m.cast(ones, *type) : m.fail(std::move(type).error())};
}

// Entries of one axis (or of all in a row) where the condition holds; it decides the shape.
Ids compress(Maker& m, Call& c) {
  const Ints condition = m.ints(c[1], "the condition");
  TensorId x = c[0];
  if (!c.given("axis")) x = m.reshape(x, Ints{m.shape(x).elements()});
  const int axis = c.given("axis") ? m.axis(c.i("axis", 0), m.rank(x)) : 0;
  if (m.failed()) return {};
  Ints picks;
  for (size_t k = 0; k < condition.size(); ++k)
    if (condition[k]) picks.push_back(static_cast<int64_t>(k));
  return {m.op(Op::gather, {x, m.i32s(picks)}, GatherAttrs{axis, 0}, x)};
}

constexpr Rule kRules[] = {
    {"ArgMax", 1, 1, [](Maker& m, Call& c) -> Ids { return arg(m, c, Op::arg_max); }},
    {"ArgMin", 1, 1, [](Maker& m, Call& c) -> Ids { return arg(m, c, Op::arg_min); }},
    {"Compress", 2, 2, compress},
    {"CumSum", 2, 2, cumsum},
    {"EyeLike", 1, 1, eye_like},
    {"GatherElements", 2, 2, gather_elements},
    {"GatherND", 2, 2, gather_nd},
    {"Hardmax", 1, 1, hardmax},
    {"NonMaxSuppression", 2, 5, non_max_suppression},
    {"NonZero", 1, 1, nonzero},
    {"OneHot", 3, 3, one_hot},
    {"ReverseSequence", 2, 2, reverse_sequence},
    {"Scatter", 3, 3, scatter_elements},
    {"ScatterElements", 3, 3, scatter_elements},
    {"ScatterND", 3, 3, scatter_nd},
    {"TopK", 1, 2, top_k},
};

}  // namespace

std::span<const Rule> index_rules() { return kRules; }

}  // namespace thimble::onnx
