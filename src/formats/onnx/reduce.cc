// ONNX's reductions.
#include <algorithm>
#include <limits>

#include "formats/onnx/rule.h"

namespace thimble::onnx {
namespace {

struct Over {
  Ints axes;
  bool keep = true, nothing = false;  // nothing: no axis is reduced
};

Over over(Maker& m, const Call& c) {
  Over o;
  bool given;
  o.axes = c.ints_of(1, "axes", &given);
  o.keep = c.i("keepdims", 1) != 0;
  const int rank = m.rank(c[0]);
  for (int64_t& a : o.axes) a = m.axis(a, rank);
  if (o.axes.empty()) {
    o.nothing = c.i("noop_with_empty_axes", 0) != 0;
    for (int d = 0; d < rank && !o.nothing; ++d) o.axes.push_back(d);
  }
  return o;
}

bool empty(Maker& m, TensorId x, const Over& o) {
  return std::ranges::any_of(o.axes, [&](int64_t a) { return m.shape(x)[static_cast<int>(a)] == 0; });
}

// The shape of the result, every entry one value.
TensorId filled(Maker& m, TensorId x, const Over& o, TensorId value) {
  Shape shape;
  for (int d = 0; d < m.rank(x); ++d) {
    if (std::ranges::find(o.axes, d) == o.axes.end())
      shape.push_back(m.shape(x)[d]);
    else if (o.keep)
      shape.push_back(1);
  }
  return m.expand(value, shape);
}

TensorId reduced(Maker& m, Op op, TensorId x, const Over& o) {
  if (m.failed() || o.nothing || m.rank(x) == 0) return x;
  return m.reduce(op, x, o.axes, o.keep);
}

// Largest or smallest; of nothing it is what any number would replace.
TensorId extreme(Maker& m, TensorId x, const Over& o, bool largest) {
  if (!m.failed() && empty(m, x, o)) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    if (Maker::is_float(m.type(x))) return filled(m, x, o, m.like(x, largest ? -kInfinity : kInfinity));
    if (m.type(x) == DType::boolean) return filled(m, x, o, m.like(x, largest ? 0 : 1));
    return m.unsupported("the largest or smallest of no integers");
  }
  if (m.type(x) == DType::boolean) return m.cast(extreme(m, m.cast(x, DType::i32), o, largest), DType::boolean);
  return reduced(m, largest ? Op::reduce_max : Op::reduce_min, x, o);
}

TensorId squares(Maker& m, TensorId x, const Over& o) { return reduced(m, Op::sum, m.mul(x, x), o); }

// log Σ e^x, by the largest
Ids log_sum_exp(Maker& m, Call& c) {
  const Over o = over(m, c);
  if (empty(m, c[0], o)) return {filled(m, c[0], o, m.like(c[0], -std::numeric_limits<float>::infinity()))};
  Over kept = o;
  kept.keep = true;
  const TensorId top = extreme(m, c[0], kept, true);
  const TensorId sum = reduced(m, Op::sum, m.unary(Op::exp, m.sub(c[0], top)), kept);
  const TensorId y = m.add(m.unary(Op::log, sum), top);
  return {o.keep || o.nothing ? y : reduced(m, Op::sum, y, o)};
}

constexpr Rule kRules[] = {
    {"ReduceL1", 1, 2, [](Maker& m, Call& c) -> Ids { return {reduced(m, Op::sum, m.absolute(c[0]), over(m, c))}; }},
    {"ReduceL2", 1, 2, [](Maker& m, Call& c) -> Ids { return {m.unary(Op::sqrt, squares(m, c[0], over(m, c)))}; }},
    {"ReduceLogSum", 1, 2,
     [](Maker& m, Call& c) -> Ids { return {m.unary(Op::log, reduced(m, Op::sum, c[0], over(m, c)))}; }},
    {"ReduceLogSumExp", 1, 2, log_sum_exp},
    {"ReduceMax", 1, 2, [](Maker& m, Call& c) -> Ids { return {extreme(m, c[0], over(m, c), true)}; }},
    {"ReduceMean", 1, 2, [](Maker& m, Call& c) -> Ids { return {reduced(m, Op::mean, c[0], over(m, c))}; }},
    {"ReduceMin", 1, 2, [](Maker& m, Call& c) -> Ids { return {extreme(m, c[0], over(m, c), false)}; }},
    {"ReduceSum", 1, 2, [](Maker& m, Call& c) -> Ids { return {reduced(m, Op::sum, c[0], over(m, c))}; }},
    {"ReduceSumSquare", 1, 2, [](Maker& m, Call& c) -> Ids { return {squares(m, c[0], over(m, c))}; }},
};

}  // namespace

std::span<const Rule> reduce_rules() { return kRules; }

}  // namespace thimble::onnx
