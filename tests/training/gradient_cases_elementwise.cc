// Gradient cases of operators that other frameworks' files bring: powers, choices, running sums, repeating.
#include <algorithm>
#include <cmath>

#include "gradient_cases.h"
#include "ops/broadcast.h"
#include "ops/cumsum/cumsum.h"
#include "ops/fake_quant/fake_quant.h"
#include "ops/select/select.h"

namespace thimble::test {
namespace {

// The element of an operand under element i of the result.
double under(const Value& x, const Shape& result, int64_t i) {
  int64_t at = 0, stride = 1;
  for (int d = 1; d <= result.rank(); ++d) {
    const int64_t index = i % result.dim(-d);
    i /= result.dim(-d);
    if (d > x.shape.rank()) continue;
    if (x.shape.dim(-d) > 1) at += index * stride;
    stride *= x.shape.dim(-d);
  }
  return x.v[static_cast<size_t>(at)];
}

template <class F>
Forward of_two(F f) {
  return [f](const Values& in) -> Values {
    Value y{*broadcast_shape(in[0].shape, in[1].shape), {}};
    for (int64_t i = 0; i < y.shape.elements(); ++i)
      y.v.push_back(f(under(in[0], y.shape, i), under(in[1], y.shape, i)));
    return {y};
  };
}

Forward choice() {
  return [](const Values& in) -> Values {
    Value condition = in[0];
    while (condition.shape.rank() == 1 && in[1].shape.rank() > 1 && condition.shape.rank() < in[1].shape.rank() &&
           condition.shape[0] == in[1].shape[0]) {  // select: one per entry of the first axis
      Shape wide = condition.shape;
      while (wide.rank() < in[1].shape.rank()) wide.push_back(1);
      condition.shape = wide;
    }
    Value y{*broadcast_shape(*broadcast_shape(in[1].shape, in[2].shape), condition.shape), {}};
    for (int64_t i = 0; i < y.shape.elements(); ++i)
      y.v.push_back(under(condition, y.shape, i) != 0 ? under(in[1], y.shape, i) : under(in[2], y.shape, i));
    return {y};
  };
}

Forward running_sums(int axis, CumsumAttrs attrs) {
  return [=](const Values& in) -> Values {
    const Shape& s = in[0].shape;
    const int64_t inner = s.elements(axis + 1, s.rank()), n = s[axis];
    Value y{s, {}};
    for (int64_t i = 0; i < s.elements(); ++i) {
      const int64_t at = i / inner % n;
      double sum = 0;
      for (int64_t d = 0; d < n; ++d) {
        const bool before = attrs.reverse ? d > at : d < at;
        if (before || (d == at && !attrs.exclusive)) sum += in[0].v[static_cast<size_t>(i + (d - at) * inner)];
      }
      y.v.push_back(sum);
    }
    return {y};
  };
}

Value repeated(const Value& x, const Shape& shape) {
  Value y{shape, {}};
  for (int64_t i = 0; i < shape.elements(); ++i) y.v.push_back(under(x, shape, i));
  return y;
}

// What goes straight through: a line of slope 1 between the ends, constant outside.
Forward clamped(double low, double high) {
  return [=](const Values& in) -> Values {
    Value y = in[0];
    for (double& v : y.v) v = std::clamp(v, low, high);
    return {y};
  };
}

Operand bools(Shape shape) {
  Operand o{.shape = shape, .wanted = false, .constant = true, .boolean = true};
  for (int64_t i = 0; i < shape.elements(); ++i) o.integers.push_back(static_cast<int32_t>(i * 5 % 3 % 2));
  return o;
}

}  // namespace

void add_elementwise_cases(std::vector<GradientCase>& cases) {
  const auto add = [&](Op op, std::string name, std::vector<Operand> operands, Attrs attrs, Forward forward) {
    cases.push_back({.op = op,
                     .name = std::move(name),
                     .operands = std::move(operands),
                     .attrs = std::move(attrs),
                     .forward = std::move(forward),
                     .tolerance = 4e-6});
  };
  const auto power = of_two([](double a, double b) { return std::pow(a, b); });
  add(Op::pow, "", {uniform({2, 3, 4}, 0.4f, 2, 201), uniform({2, 3, 4}, -2, 2, 202)}, {}, power);
  add(Op::pow, "exponents_of_rows", {uniform({5, 3}, 0.4f, 2, 203), uniform({3}, -1.5f, 2.5f, 204)}, {}, power);
  add(Op::pow, "square", {uniform({4, 5}, -2, 2, 205), constant(Operand{.shape = {}, .values = {2}})}, {}, power);
  add(Op::floor_mod, "", {uniform({3, 4}, -6, 6, 206), uniform({4}, 0.9f, 1.1f, 207)}, {},
      of_two([](double a, double b) { return a - b * std::floor(a / b); }));
  add(Op::atan2, "", {uniform({4, 5}, -2, 2, 208), uniform({4, 5}, -2, 2, 209)}, {},
      of_two([](double a, double b) { return std::atan2(a, b); }));
  add(Op::add_n, "three", {uniform({3, 4}, -2, 2, 210), uniform({3, 4}, -2, 2, 211), uniform({3, 4}, -2, 2, 212)}, {},
      [](const Values& in) -> Values {
        Value y = in[0];
        for (size_t i = 0; i < y.v.size(); ++i) y.v[i] += in[1].v[i] + in[2].v[i];
        return {y};
      });
  add(Op::select, "elements", {bools({3, 4}), uniform({3, 4}, -2, 2, 213), uniform({3, 4}, -2, 2, 214)}, SelectAttrs{},
      choice());
  add(Op::select, "rows", {bools({3}), uniform({3, 4}, -2, 2, 215), uniform({3, 4}, -2, 2, 216)}, SelectAttrs{},
      choice());
  add(Op::select_v2, "broadcast", {bools({3, 1}), uniform({4}, -2, 2, 217), uniform({2, 1, 4}, -2, 2, 218)},
      SelectAttrs{}, choice());
  for (const bool exclusive : {false, true})
    for (const bool reverse : {false, true}) {
      const CumsumAttrs attrs{exclusive, reverse};
      add(Op::cumsum, std::string(exclusive ? "exclusive" : "inclusive") + (reverse ? "_reverse" : ""),
          {uniform({3, 5, 2}, -2, 2, 219), ints(Shape{}, {1})}, attrs, running_sums(1, attrs));
    }
  add(Op::fake_quant, "", {uniform({6, 7}, -3, 5, 220)}, FakeQuantAttrs{-1, 3, 8}, clamped(-1, 3));
  add(Op::l2_normalization, "rows", {uniform({4, 6}, -2, 2, 221)}, {}, [](const Values& in) -> Values {
    Value y = in[0];
    const auto n = static_cast<size_t>(y.shape.dim(-1));
    for (size_t r = 0; r < y.v.size(); r += n) {
      double sum = 0;
      for (size_t i = 0; i < n; ++i) sum += y.v[r + i] * y.v[r + i];
      for (size_t i = 0; i < n; ++i) y.v[r + i] /= std::sqrt(sum);
    }
    return {y};
  });
  add(Op::broadcast_to, "", {uniform({3, 1}, -2, 2, 222), ints({2, 3, 4})}, {}, [](const Values& in) -> Values {
    return {repeated(in[0], {2, 3, 4})};
  });
  add(Op::fill, "", {ints({2, 5}), uniform(Shape{}, -2, 2, 223)}, {}, [](const Values& in) -> Values {
    return {repeated(in[1], {2, 5})};
  });
}

}  // namespace thimble::test
