// Gradient cases of functions of elements and rows, and the making of operands.
#include "gradient_cases.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "ops/binary/binary.h"
#include "ops/prelu/prelu.h"
#include "ops/softmax/softmax.h"
#include "ops/unary/unary.h"

namespace thimble::test {

Operand uniform(Shape shape, float lo, float hi, uint64_t seed) {
  Random random(seed);
  Operand o{.shape = shape};
  for (int64_t i = 0; i < shape.elements(); ++i) {
    auto v = static_cast<float>(random.uniform(lo, hi));
    const float nearest = std::round(v * 2) / 2;
    if (std::fabs(v - nearest) < 0.03f) v = nearest + (v < nearest ? -0.03f : 0.03f);
    o.values.push_back(v);
  }
  return o;
}

Operand distinct(Shape shape, float gap, uint64_t seed) {
  Random random(seed);
  Operand o{.shape = shape};
  const int64_t n = shape.elements();
  for (int64_t i = 0; i < n; ++i) o.values.push_back((static_cast<float>(i - n / 2) + 0.5f) * gap);
  for (size_t i = o.values.size(); i > 1; --i) std::swap(o.values[i - 1], o.values[random.below(i)]);
  return o;
}

Operand ints(std::vector<int32_t> values) {
  const auto n = static_cast<int64_t>(values.size());
  return ints(Shape{n}, std::move(values));
}
Operand ints(Shape shape, std::vector<int32_t> values) {
  return {.shape = shape, .integers = std::move(values), .wanted = false, .constant = true};
}

std::vector<GradientCase> gradient_cases() {
  std::vector<GradientCase> cases;
  add_quantize_cases(cases);
  add_function_cases(cases);
  add_layer_cases(cases);
  add_movement_cases(cases);
  add_elementwise_cases(cases);
  add_product_cases(cases);
  for (GradientCase& c : cases) c.name = std::string(name(c.op)) + (c.name.empty() ? "" : "_" + c.name);
  return cases;
}

namespace {

// Rows that sum to 1.
Operand distribution(Shape shape, uint64_t seed) {
  Operand o = uniform(shape, 0.1f, 1, seed);
  const auto n = static_cast<size_t>(shape.dim(-1));
  for (size_t r = 0; r < o.values.size(); r += n) {
    float sum = 0;
    for (size_t i = 0; i < n; ++i) sum += o.values[r + i];
    for (size_t i = 0; i < n; ++i) o.values[r + i] /= sum;
  }
  return o;
}

void add_unary(std::vector<GradientCase>& cases) {
  for (size_t i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    if (!is_unary(op)) continue;
    const bool positive = op == Op::log || op == Op::sqrt || op == Op::rsqrt;
    const bool unit = op == Op::asin || op == Op::acos || op == Op::atanh;  // defined on [-1, 1]
    const float hi = op == Op::relu6 || op == Op::hard_swish || op == Op::hard_sigmoid ? 8.0f
                     : unit                                                            ? 0.9f
                     : op == Op::tan                                                   ? 1.3f
                                                                                       : 3.0f;
    const float lo = positive ? 0.3f : op == Op::acosh ? 1.2f : op == Op::relu6 ? -2.0f : -hi;
    const auto add = [&](const char* name, UnaryAttrs attrs, const Shape& shape, bool large) {
      cases.push_back({.op = op,
                       .name = name,
                       .operands = {uniform(shape, lo, hi, 11)},
                       .attrs = attrs,
                       .forward = unary_forward(op, attrs.alpha, attrs.approximate),
                       .large = large});
    };
    const float alpha = op == Op::leaky_relu ? 0.2f : op == Op::elu ? 0.7f : 0.0f;
    add("", {alpha, false}, Shape{3, 17}, false);
    add("large", {alpha, false}, Shape{64, 513}, true);
    if (op == Op::gelu) add("tanh", {0, true}, Shape{3, 17}, false);
    if (op == Op::leaky_relu) add("negative_slope", {-0.5f, false}, Shape{51}, false);
  }
}

void add_binary(std::vector<GradientCase>& cases) {
  struct Pair {
    const char* name;
    Shape a, b;
  };
  const Pair pairs[] = {{"", {2, 3, 4}, {2, 3, 4}},          {"row", {2, 3, 4}, {4}},
                        {"row_left", {4}, {2, 3, 4}},        {"both", {2, 1, 4}, {1, 3, 1}},
                        {"scalar", {2, 3, 4}, Shape{}},      {"scalar_left", Shape{}, {2, 3, 4}},
                        {"column", {2, 3, 4}, {2, 3, 1}},    {"one", {2, 3, 4}, {1}},
                        {"large", {70, 9, 33}, {70, 9, 33}}, {"large_row", {70, 9, 33}, {33}}};
  for (const Op op : {Op::add, Op::sub, Op::mul, Op::div, Op::maximum, Op::minimum, Op::squared_difference})
    for (const Pair& p : pairs)
      for (const Activation activation : {Activation::none, Activation::relu, Activation::relu6}) {
        const std::string name = p.name;
        const bool large = name.starts_with("large");
        const bool plain_only = op == Op::maximum || op == Op::minimum || op == Op::squared_difference;
        if (activation != Activation::none && (large || plain_only || name.size() > 4)) continue;
        // Divisors away from 0; operands of maximum and minimum on two grids that never meet.
        Operand a = uniform(p.a, -3, 3, 21), b = op == Op::div ? uniform(p.b, 0.6f, 3, 22) : uniform(p.b, -3, 3, 22);
        if (op == Op::maximum || op == Op::minimum) {
          for (float& v : a.values) v = std::round(v * 8) / 8;
          for (float& v : b.values) v = std::round(v * 8) / 8 + 0.0625f;
        }
        cases.push_back({.op = op,
                         .name = name + (name.empty() || activation == Activation::none ? "" : "_") +
                                 (activation == Activation::none ? "" : thimble::name(activation)),
                         .operands = {a, b},
                         .attrs = BinaryAttrs{activation},
                         .forward = binary_forward(op, activation),
                         .tolerance = large ? 4e-6 : 2e-6,
                         .large = large});
      }
  for (const Shape& alpha : {Shape{5}, Shape{1, 3, 5}, Shape{1, 1, 5}, Shape{1}}) {
    const std::string name = format("alpha_{}_of_{}", alpha.elements(), alpha.rank());
    cases.push_back({.op = Op::prelu,
                     .name = name,
                     .operands = {uniform({4, 3, 5}, -2, 2, 31), uniform(alpha, -0.4f, 0.4f, 32)},
                     .forward = prelu_forward()});
  }
}

void add_losses(std::vector<GradientCase>& cases) {
  const Shape shape{5, 4}, large{200, 37};
  const Operand labels = ints({0, 3, 1, 2, 1});
  const auto many = [](int64_t rows, int classes) {
    std::vector<int32_t> v;
    for (int64_t i = 0; i < rows; ++i) v.push_back(static_cast<int32_t>((i * 7 + i / 3) % classes));
    return ints(std::move(v));
  };
  for (const float smoothing : {0.0f, 0.1f}) {
    const std::string suffix = smoothing > 0 ? "_smoothed" : "";
    const auto fused = [&](const char* name, const Shape& s, Operand target) {
      cases.push_back({.op = Op::softmax_crossentropy,
                       .name = name + suffix,
                       .operands = {uniform(s, -3, 3, 41), std::move(target)},
                       .attrs = SoftmaxCrossentropyAttrs{smoothing},
                       .outputs = 2,
                       .forward = softmax_crossentropy_forward(smoothing),
                       .large = s.elements() > 1000});
    };
    fused("labels", shape, labels);
    fused("distributions", shape, fixed(distribution(shape, 42)));
    fused("large", large, many(200, 37));
    fused("large_distributions", large, fixed(distribution(large, 43)));
    for (int k = 0; k < static_cast<int>(LossKind::count); ++k) {
      const auto kind = static_cast<LossKind>(k);
      const bool classes = is_classification(kind), elements = !classes && kind != LossKind::kl_divergence;
      const bool binary = kind == LossKind::binary_crossentropy || kind == LossKind::binary_crossentropy_logits;
      if (smoothing > 0 && !classes && !binary) continue;
      const bool logits =
          kind == LossKind::nll || kind == LossKind::binary_crossentropy_logits || kind >= LossKind::mse;
      for (const Shape& s : {shape, large})
        for (const bool as_labels : {true, false}) {
          if (as_labels && !classes) continue;
          const bool probability = !logits || kind == LossKind::kl_divergence;
          Operand p = probability ? distribution(s, 44) : uniform(s, -3, 3, 44);
          Operand t = as_labels             ? (s.elements() > 1000 ? many(200, 37) : labels)
                      : elements && !binary ? fixed(uniform(s, -2.1f, 2.1f, 45))
                                            : fixed(distribution(s, 45));
          LossAttrs attrs{kind, smoothing, 0.7f};
          if (kind == LossKind::mae || kind == LossKind::huber)  // away from the kinks at 0 and ±delta
            for (size_t i = 0; i < p.values.size(); ++i)
              p.values[i] = t.values[i] + (i % 2 ? 0.3f : -1.2f) + 0.1f * static_cast<float>(i % 3);
          cases.push_back({.op = Op::loss,
                           .name = format("{}{}{}{}", thimble::name(kind), as_labels ? "_labels" : "", suffix,
                                          s.elements() > 1000 ? "_large" : ""),
                           .operands = {std::move(p), std::move(t)},
                           .attrs = attrs,
                           .forward = loss_forward(attrs),
                           .large = s.elements() > 1000});
        }
    }
  }
}

}  // namespace

void add_function_cases(std::vector<GradientCase>& cases) {
  add_unary(cases);
  add_binary(cases);
  add_losses(cases);
  for (const Shape& s : {Shape{7}, Shape{3, 5}, Shape{2, 3, 4}, Shape{1, 1}, Shape{300, 67}}) {
    const std::string name = format("rank{}_{}", s.rank(), s.elements());
    const bool large = s.elements() > 1000;
    cases.push_back({.op = Op::softmax,
                     .name = name,
                     .operands = {uniform(s, -3, 3, 51)},
                     .attrs = SoftmaxAttrs{},
                     .forward = softmax_forward(1, false),
                     .large = large});
    cases.push_back({.op = Op::softmax,
                     .name = name + "_beta",
                     .operands = {uniform(s, -3, 3, 52)},
                     .attrs = SoftmaxAttrs{0.7f},
                     .forward = softmax_forward(0.7f, false),
                     .large = large});
    cases.push_back({.op = Op::log_softmax,
                     .name = name,
                     .operands = {uniform(s, -3, 3, 53)},
                     .attrs = SoftmaxAttrs{},
                     .forward = softmax_forward(1, true),
                     .tolerance = 4e-6,
                     .large = large});
  }
}

}  // namespace thimble::test
