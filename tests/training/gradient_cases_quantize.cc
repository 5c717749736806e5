// Gradient cases of fake_quantize. Its values do not depend on x, so what is differentiated is a function
// whose derivatives are those of the straight-through estimate and of LSQ at the operands given:
//   inside the bounds   y = scale·(q − z) + (x − x₀) − x₀·(scale / s₀ − 1)   dy/dx = 1, dy/dscale = q − z − x₀/s₀
//   outside             y = scale·(q − z)
// with scale = s₀·(1 + g·(learned / learned₀ − 1)) and g the operator's gradient scale.
#include <cmath>

#include "gradient_cases.h"
#include "ops/fake_quantize/fake_quantize.h"

namespace thimble::test {
namespace {

struct Row {
  const char* name;
  Shape x;
  FakeQuantizeAttrs attrs;
  std::vector<float> scale;
  int zero_point = 0;
  bool learned = false, large = false;
};

void add(std::vector<GradientCase>& cases, const Row& row) {
  const FakeQuantizeAttrs attrs = row.attrs;
  const auto scales = static_cast<int64_t>(row.scale.size());
  const Operand x = uniform(row.x, -3, 3, 201);
  Operand q{.shape = row.x, .wanted = false, .constant = true, .int8 = true};
  std::vector<char> inside;
  for (size_t i = 0; i < x.values.size(); ++i) {
    const double s = row.scale[scales == 1 ? 0 : i / static_cast<size_t>(attrs.inner) % row.scale.size()];
    const double at = x.values[i] / s + row.zero_point;
    inside.push_back(at > attrs.low - 0.5 && at < attrs.high + 0.5);
    q.integers.push_back(
        static_cast<int32_t>(std::min(std::max(std::round(at), double(attrs.low)), double(attrs.high))));
  }
  std::vector<float> factors;
  for (int64_t c = 0; c < scales; ++c) factors.push_back(0.75f + 0.25f * static_cast<float>(c));
  std::vector<Operand> operands{x, q, fixed({.shape = {scales}, .values = row.scale}), ints({row.zero_point})};
  operands.back().constant = true;
  if (row.learned) {
    Operand absent{.wanted = false, .absent = true};
    operands.insert(operands.end(), {absent, absent, Operand{.shape = {scales}, .values = factors}});
  }
  cases.push_back({.op = Op::fake_quantize,
                   .name = row.name,
                   .operands = operands,
                   .attrs = attrs,
                   .forward =
                       [=](const Values& in) {
                         Value y{in[0].shape, {}};
                         for (size_t i = 0; i < in[0].v.size(); ++i) {
                           const size_t c =
                               scales == 1 ? 0 : i / static_cast<size_t>(attrs.inner) % static_cast<size_t>(scales);
                           const double s0 = row.scale[c], x0 = x.values[i];
                           const double learned = row.learned ? in[6].v[c] / factors[c] : 1;
                           const double scale = s0 * (1 + attrs.gradient_scale * (learned - 1));
                           double v = scale * (in[1].v[i] - row.zero_point);
                           if (inside[i] || !attrs.clip) v += in[0].v[i] - x0;
                           if (inside[i]) v -= x0 * (scale / s0 - 1);
                           y.v.push_back(v);
                         }
                         return Values{y};
                       },
                   .tolerance = row.learned ? 1e-5 : 2e-6,
                   .large = row.large});
}

}  // namespace

void add_quantize_cases(std::vector<GradientCase>& cases) {
  const FakeQuantizeAttrs four{.low = -7, .high = 7};
  FakeQuantizeAttrs open = four, rows = four, last = four, half = four;
  open.clip = false;
  rows.inner = 5;
  half.gradient_scale = 0.5f;
  add(cases, {"fake_quantize_clips", {4, 9}, four, {0.27f}});
  add(cases, {"fake_quantize_zero_point", {4, 9}, {.low = -8, .high = 7}, {0.27f}, -3});
  add(cases, {"fake_quantize_passes", {4, 9}, open, {0.27f}});
  add(cases, {"fake_quantize_rows", {3, 5}, rows, {0.23f, 0.31f, 0.9f}});
  add(cases, {"fake_quantize_last", {5, 3}, last, {0.23f, 0.31f, 0.9f}});
  add(cases, {"fake_quantize_learned", {4, 9}, four, {0.27f}, 2, true});
  add(cases, {"fake_quantize_learned_half", {4, 9}, half, {0.27f}, 0, true});
  add(cases, {"fake_quantize_learned_rows", {3, 5}, rows, {0.23f, 0.31f, 0.9f}, 0, true});
  add(cases, {"fake_quantize_learned_last", {5, 3}, last, {0.23f, 0.31f, 0.9f}, 0, true});
  add(cases, {"fake_quantize_large", {3, 41, 300}, four, {0.27f}, 1, false, true});
  add(cases, {"fake_quantize_large_learned", {3, 41, 300}, four, {0.27f}, 1, true, true});
}

}  // namespace thimble::test
