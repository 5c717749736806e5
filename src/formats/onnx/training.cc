// The optimizers of the domain ai.onnx.preview.training: one step of each tensor, in the tensors' type. Inputs are the
// learning rate, the count of steps before, all tensors, all their gradients, and all that each optimizer keeps.
#include <algorithm>

#include "formats/onnx/rule.h"

namespace thimble::onnx {
namespace {

// How many tensors there are: `kinds` lists follow the rate and the count. 0 after an error.
size_t tensors(Maker& m, const Call& c, size_t kinds) {
  const size_t listed = c.in.size() < 2 ? 0 : c.in.size() - 2;
  if (listed == 0 || listed % kinds) return m.bad(format("{} inputs", c.in.size())), 0;
  for (size_t i = 0; i < c.in.size(); ++i)
    if (!c.has(i)) return m.bad(format("input {} is left out", i)), 0;
  const DType type = m.type(c[2]);
  if (type != DType::f32 && type != DType::f64) return m.bad(format("{} cannot be optimised", name(type))), 0;
  return listed / kinds;
}

// The gradient with that of the squares of x.
TensorId regularised(Maker& m, const Call& c, TensorId x, TensorId gradient) {
  return m.add(m.mul(x, c.f("norm_coefficient", 0)), gradient);
}

// A rate or count as one number of x's type.
TensorId as(Maker& m, TensorId value, TensorId x) { return m.reshape(m.cast(value, m.type(x)), Shape{}); }

// `first` where steps have been made before, else `otherwise`.
TensorId once_begun(Maker& m, const Call& c, TensorId first, TensorId otherwise) {
  const TensorId count = m.reshape(c[1], Shape{});
  return m.select(m.compute(Op::greater, {count, m.like(count, 0)}), first, otherwise);
}

Ids adagrad(Maker& m, Call& c) {
  const size_t n = tensors(m, c, 3);
  Ids xs, sums;
  for (size_t i = 0; i < n && !m.failed(); ++i) {
    const TensorId x = c[2 + i], g = regularised(m, c, x, c[2 + n + i]);
    const TensorId slowed = m.add(m.mul(as(m, c[1], x), c.f("decay_factor", 0)), 1.0f);
    const TensorId sum = m.add(c[2 + 2 * n + i], m.mul(g, g));
    const TensorId by = m.add(m.unary(Op::sqrt, sum), c.f("epsilon", 1e-6f));
    xs.push_back(m.sub(x, m.div(m.mul(m.div(as(m, c[0], x), slowed), g), by)));
    sums.push_back(sum);
  }
  xs.insert(xs.end(), sums.begin(), sums.end());
  return xs;
}

Ids adam(Maker& m, Call& c) {
  const size_t n = tensors(m, c, 4);
  const float alpha = c.f("alpha", 0.9f), beta = c.f("beta", 0.999f);
  Ids xs, means, squares;
  for (size_t i = 0; i < n && !m.failed(); ++i) {
    const TensorId x = c[2 + i], g = regularised(m, c, x, c[2 + n + i]);
    const TensorId mean = m.add(m.mul(c[2 + 2 * n + i], alpha), m.mul(g, 1 - alpha));
    const TensorId square = m.add(m.mul(c[2 + 3 * n + i], beta), m.mul(m.mul(g, g), 1 - beta));
    // Of numbers close to 1 in double precision.
    const TensorId rate = m.reshape(m.cast(c[0], DType::f64), Shape{}), one = m.scalar(DType::f64, 1);
    const auto missing = [&](float factor) {
      const TensorId power =
          m.compute(Op::pow, {m.scalar(DType::f64, factor), m.cast(m.reshape(c[1], Shape{}), DType::f64)});
      return m.sub(one, power);
    };
    const TensorId adjusted = m.div(m.mul(rate, m.unary(Op::sqrt, missing(beta))), missing(alpha));
    const TensorId step = m.mul(m.cast(once_begun(m, c, adjusted, rate), m.type(x)), mean);
    const TensorId y = m.sub(x, m.div(step, m.add(m.unary(Op::sqrt, square), c.f("epsilon", 1e-6f))));
    xs.push_back(m.mul(y, 1 - c.f("norm_coefficient_post", 0)));
    means.push_back(mean), squares.push_back(square);
  }
  xs.insert(xs.end(), means.begin(), means.end());
  xs.insert(xs.end(), squares.begin(), squares.end());
  return xs;
}

Ids momentum(Maker& m, Call& c) {
  const size_t n = tensors(m, c, 3);
  const std::string_view mode = c.s("mode", "");
  if (m.failed()) return {};
  if (mode != "standard" && mode != "nesterov") return {m.bad(format("mode \"{}\"", mode))};
  for (const char* name : {"alpha", "beta", "norm_coefficient"})
    if (!c.given(name)) return {m.bad(format("it has no {}", name))};
  Ids xs, speeds;
  for (size_t i = 0; i < n && !m.failed(); ++i) {
    const TensorId x = c[2 + i], g = regularised(m, c, x, c[2 + n + i]);
    const TensorId share = once_begun(m, c, m.like(x, c.f("beta", 1)), m.like(x, 1));
    const TensorId speed = m.add(m.mul(c[2 + 2 * n + i], c.f("alpha", 0)), m.mul(share, g));
    const TensorId step = mode == "standard" ? speed : m.add(g, m.mul(speed, c.f("alpha", 0)));
    xs.push_back(m.sub(x, m.mul(as(m, c[0], x), step)));
    speeds.push_back(speed);
  }
  xs.insert(xs.end(), speeds.begin(), speeds.end());
  return xs;
}

constexpr Rule kRules[] = {
    {"Adagrad", 2, INT32_MAX, adagrad},
    {"Adam", 2, INT32_MAX, adam},
    {"Momentum", 2, INT32_MAX, momentum},
};

}  // namespace

std::span<const Rule> training_rules() { return kRules; }

}  // namespace thimble::onnx
