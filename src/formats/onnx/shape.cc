// ONNX's operators on shapes and types: the same elements in another shape or type, and what shapes alone decide.
#include <algorithm>
#include <cmath>

#include "base/numbers.h"
#include "formats/onnx/constants.h"
#include "formats/onnx/rule.h"

namespace thimble::onnx {
namespace {

// 0 stands for the input's own size (unless allowzero), one −1 for what is left.
Ids reshape(Maker& m, Call& c) {
  Ints dims = c.has(1) ? m.ints(c[1], "the shape") : c.ints("shape");
  const Shape x = m.shape(c[0]);
  if (m.failed()) return {};
  const bool zero_is_zero = c.i("allowzero", 0) != 0;
  int64_t known = 1;
  int open = -1;
  for (size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 0 && !zero_is_zero) {
      if (static_cast<int>(d) >= x.rank())
        return {m.bad(format("entry {} of the shape copies a dimension of {}", d, x.to_string()))};
      dims[d] = x[static_cast<int>(d)];
    }
    if (dims[d] == -1) {
      if (open >= 0) return {m.bad("two entries of the shape are -1")};
      open = static_cast<int>(d);
    } else if (dims[d] < 0 || !checked_mul(known, dims[d], &known)) {
      return {m.bad(format("the shape has entry {}", dims[d]))};
    }
  }
  if (open >= 0) {
    if (known == 0 || x.elements() % known)
      return {m.bad(format("{} does not divide into the shape's other entries", x.to_string()))};
    dims[static_cast<size_t>(open)] = x.elements() / known;
  }
  return {m.reshape(c[0], dims)};
}

Ids flatten(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  const int64_t given = c.i("axis", 1);
  if (given < -x.rank() || given > x.rank()) return {m.bad(format("axis {} is outside rank {}", given, x.rank()))};
  const int axis = static_cast<int>(given < 0 ? given + x.rank() : given);
  return {m.reshape(c[0], Ints{x.elements(0, axis), x.elements(axis, x.rank())})};
}

Ids squeeze(Maker& m, Call& c) {
  bool given;
  const Ints axes = c.ints_of(1, "axes", &given);
  const Shape x = m.shape(c[0]);
  bool drop[Shape::kMaxRank] = {};
  for (const int64_t a : axes) {
    const int axis = m.axis(a, x.rank());
    if (m.failed()) return {};
    if (x[axis] != 1) return {m.bad(format("axis {} of {} is not 1", a, x.to_string()))};
    drop[axis] = true;
  }
  Ints dims;
  for (int d = 0; d < x.rank(); ++d)
    if (given ? !drop[d] : x[d] != 1) dims.push_back(x[d]);
  return {m.reshape(c[0], dims)};
}

Ids unsqueeze(Maker& m, Call& c) {
  bool given;
  const Ints axes = c.ints_of(1, "axes", &given);
  if (m.failed()) return {};
  if (!given) return {m.bad("there are no axes")};
  const Shape x = m.shape(c[0]);
  const int rank = x.rank() + static_cast<int>(std::min<size_t>(axes.size(), 100));
  if (rank > Shape::kMaxRank)
    return {m.unsupported(format("a result of {} dimensions, the limit is {}", rank, Shape::kMaxRank))};
  bool fresh[Shape::kMaxRank] = {};
  for (const int64_t a : axes) {
    const int axis = m.axis(a, rank);
    if (m.failed()) return {};
    if (fresh[axis]) return {m.bad(format("axis {} is given twice", a))};
    fresh[axis] = true;
  }
  Ints dims;
  for (int d = 0, from = 0; d < rank; ++d) dims.push_back(fresh[d] ? 1 : x[from++]);
  return {m.reshape(c[0], dims)};
}

Ids shape(Maker& m, Call& c) {
  const Ints dims = m.dims(c[0]);
  const auto rank = std::ssize(dims);
  const auto place = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const int64_t begin = place(c.i("start", 0)), end = std::max(begin, place(c.i("end", rank)));
  return {m.i64s(std::span(dims).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)))};
}

Ids size(Maker& m, Call& c) { return {m.scalar(DType::i64, static_cast<double>(m.shape(c[0]).elements()))}; }

Ids constant(Maker& m, Call& c) {
  if (const AttributeProto* a = c.attribute("value"); a && a->tensor) {
    auto tensor = c.constants->read(*a->tensor);
    if (!tensor) return {m.fail(std::move(tensor).error())};
    const TensorId value = m.constant(std::move(*tensor));
    m.mark_small(value, stored_as(a->tensor->type)->small);
    return {value};
  }
  if (c.given("value_float")) return {m.scalar(c.f("value_float", 0))};
  if (c.given("value_int")) return {m.reshape(m.i64s(Ints{c.i("value_int", 0)}), Shape{})};
  if (c.given("value_floats")) {
    const auto list = c.floats("value_floats");
    return {m.values({std::ssize(list)}, list)};
  }
  if (c.given("value_ints")) return {m.i64s(c.ints("value_ints"))};
  return {m.unsupported("a constant that is no tensor of numbers")};
}

Ids constant_of_shape(Maker& m, Call& c) {
  auto to = Shape::make(std::span<const int64_t>(m.ints(c[0], "the shape")));
  if (!to) return {m.fail(std::move(to).error())};
  TensorId value = m.scalar(0.0f);
  int32_t small = 0;
  if (const AttributeProto* a = c.attribute("value"); a && a->tensor) {
    auto tensor = c.constants->read(*a->tensor);
    if (!tensor) return {m.fail(std::move(tensor).error())};
    if (tensor->shape.elements() != 1) return {m.bad("the value has not one element")};
    tensor->shape = {};
    value = m.constant(std::move(*tensor));
    small = stored_as(a->tensor->type)->small;
  }
  value = m.expand(value, *to);
  m.mark_small(value, small);
  return {value};
}

// While it infers, Dropout passes its input on.
Ids without_dropping(Maker& m, Call& c) {
  if (c.has(2) && m.ints(c[2], "training_mode") != Ints{0}) {
    const std::vector<float> ratio = c.has(1) ? m.floats(c[1], "ratio") : std::vector<float>{0.5f};
    if (m.failed()) return {};
    if (ratio != std::vector<float>{0}) return {m.unsupported("Dropout that is training, by random numbers")};
  }
  Ids out{c[0]};
  if (c.wants(1)) out.push_back(m.expand(m.scalar(c.opset < 10 ? m.type(c[0]) : DType::boolean, 1), m.shape(c[0])));
  return out;
}

// Small integers take what is whole and inside of floats (what is outside is left open: 0, as in NumPy's), and the last
// bits of integers.
TensorId cast_to(Maker& m, TensorId x, Stored to) {
  if (m.failed()) return kNoTensor;
  if (!to.small) return m.cast(to.type == m.type(x) ? m.as_small(x, 0) : x, to.type);
  if (to.small == m.small(x)) return x;
  const double count = 1 << bits_of_small(to.small), low = signed_small(to.small) ? -count / 2 : 0,
               high = low + count - 1;
  TensorId y = kNoTensor;
  if (Maker::is_float(m.type(x))) {
    const TensorId whole = m.cast(m.type(x) == DType::f64 ? x : m.cast(x, DType::f32), DType::i32);
    const TensorId inside = m.op(Op::logical_and, {m.op(Op::greater_equal, {whole, m.like(whole, low)}),
                                                   m.op(Op::less_equal, {whole, m.like(whole, high)})});
    y = m.select(inside, whole, m.like(whole, 0));
  } else {
    const TensorId wide = m.cast(x, bits(m.type(x)) > 16 ? DType::i64 : DType::i32);
    y = m.compute(Op::floor_mod, {wide, m.like(wide, count)});
    if (low < 0) y = m.select(m.op(Op::greater, {y, m.like(y, high)}), m.sub(y, m.like(y, count)), y);
  }
  y = m.cast(y, to.type);
  m.mark_small(y, to.small);
  return y;
}

Ids cast(Maker& m, Call& c) {
  auto to = stored_as(static_cast<int32_t>(std::clamp<int64_t>(c.i("to", 0), -1, 1000)));
  if (!to) return {m.fail(std::move(to).error())};
  return {cast_to(m, c[0], *to)};
}

Ids cast_like(Maker& m, Call& c) { return {cast_to(m, c[0], {m.type(c[1]), m.small(c[1])})}; }

Ids transpose(Maker& m, Call& c) {
  Ints perm = c.ints("perm");
  if (perm.empty())
    for (int d = m.rank(c[0]) - 1; d >= 0; --d) perm.push_back(d);
  for (const int64_t p : perm)
    if (p < 0) return {m.bad(format("the permutation has {}", p))};
  return {m.transpose(c[0], perm)};
}

Ids expand(Maker& m, Call& c) {
  const Ints dims = m.ints(c[1], "the shape");
  const Shape x = m.shape(c[0]);
  const int rank = std::max<int>(x.rank(), static_cast<int>(std::min<size_t>(dims.size(), 100)));
  if (rank > Shape::kMaxRank)
    return {m.unsupported(format("a result of {} dimensions, the limit is {}", rank, Shape::kMaxRank))};
  Ints to(static_cast<size_t>(rank));
  for (int i = 1; i <= rank; ++i) {
    const int64_t a = i <= x.rank() ? x.dim(-i) : 1;
    const int64_t b = i <= std::ssize(dims) ? dims[dims.size() - static_cast<size_t>(i)] : 1;
    if (a != b && a != 1 && b != 1)
      return {m.bad(format("{} does not broadcast to the shape: {} against {}", x.to_string(), a, b))};
    to[static_cast<size_t>(rank - i)] = a == 1 ? b : a;
  }
  auto shape = Shape::make(std::span<const int64_t>(to));
  if (!shape) return {m.fail(std::move(shape).error())};
  return {m.expand(c[0], *shape)};
}

// start, start + delta, … below limit; all three decide the shape.
Ids range(Maker& m, Call& c) {
  const DType type = m.type(c[0]);
  if (type == DType::i64 || type == DType::i32 || type == DType::i16) {
    const Ints start = m.ints(c[0], "the start"), limit = m.ints(c[1], "the limit"), delta = m.ints(c[2], "the step");
    if (m.failed()) return {};
    if (start.size() != 1 || limit.size() != 1 || delta.size() != 1 || delta[0] == 0)
      return {m.bad("start, limit and step of a Range")};
    // How many, before memory is taken for them; without signs no difference overflows.
    const bool up = delta[0] > 0, none = up ? limit[0] <= start[0] : limit[0] >= start[0];
    const auto from = static_cast<uint64_t>(start[0]), to = static_cast<uint64_t>(limit[0]),
               step = up ? static_cast<uint64_t>(delta[0]) : 0 - static_cast<uint64_t>(delta[0]);
    const uint64_t distance = none ? 0 : up ? to - from : from - to;
    const uint64_t count = distance / step + (distance % step != 0);
    if (count >= static_cast<uint64_t>(Maker::kMostBytes / 16)) return {m.unsupported("a Range of so many numbers")};
    Ints values(static_cast<size_t>(count));
    for (size_t i = 0; i < values.size(); ++i) values[i] = start[0] + static_cast<int64_t>(i) * delta[0];
    return {m.cast(m.i64s(values), type)};
  }
  if (!Maker::is_float(type) || type == DType::f64) return {m.unsupported(format("Range of {}", name(type)))};
  const auto start = m.floats(c[0], "the start"), limit = m.floats(c[1], "the limit"),
             delta = m.floats(c[2], "the step");
  if (m.failed()) return {};
  if (start.size() != 1 || limit.size() != 1 || delta.size() != 1) return {m.bad("start, limit and step of a Range")};
  const double count = std::ceil((static_cast<double>(limit[0]) - start[0]) / delta[0]);
  if (!(count < static_cast<double>(Maker::kMostBytes / 16))) return {m.unsupported("a Range of so many numbers")};
  std::vector<float> values;
  for (int64_t i = 0; i < static_cast<int64_t>(std::max(0.0, count)); ++i)
    values.push_back(start[0] + static_cast<float>(i) * delta[0]);
  return {m.cast(m.values({std::ssize(values)}, values), type)};
}

// An optional value is there where the model names one; a tensor is its own element.
Ids has_element(Maker& m, Call& c) { return {m.scalar(DType::boolean, c.has(0))}; }

constexpr Rule kRules[] = {
    {"Cast", 1, 1, cast},
    {"CastLike", 2, 2, cast_like},
    {"Constant", 0, 0, constant},
    {"ConstantOfShape", 1, 1, constant_of_shape},
    {"Dropout", 1, 3, without_dropping},
    {"Expand", 2, 2, expand},
    {"Flatten", 1, 1, flatten},
    {"Identity", 1, 1, [](Maker&, Call& c) -> Ids { return {c[0]}; }},
    {"OptionalGetElement", 1, 1, [](Maker&, Call& c) -> Ids { return {c[0]}; }},
    {"OptionalHasElement", 0, 1, has_element},
    {"Range", 3, 3, range},
    {"Reshape", 1, 2, reshape},
    {"Shape", 1, 1, shape},
    {"Size", 1, 1, size},
    {"Squeeze", 1, 2, squeeze},
    {"Transpose", 1, 1, transpose},
    {"Unsqueeze", 1, 2, unsqueeze},
};

}  // namespace

std::span<const Rule> shape_rules() { return kRules; }

}  // namespace thimble::onnx
