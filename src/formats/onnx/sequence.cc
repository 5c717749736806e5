// ONNX's layers over sequences that carry a state: a causal convolution, linear attention.
#include <cmath>

#include "formats/onnx/conv.h"
#include "formats/onnx/rule.h"

namespace thimble::onnx {
namespace {

// Each channel by its own weights over the last entries, those of the past included.
Ids causal_conv(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]), w = m.shape(c[1]);
  if (x.rank() != 3 || w.rank() != 3 || w[0] != x[1] || w[1] != 1 || w[2] < 1)
    return {m.bad(format("weights {} for {}", w.to_string(), x.to_string()))};
  const std::string_view activation = c.s("activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish")
    return {m.bad(format("activation \"{}\"", activation))};
  const int64_t before = w[2] - 1;
  TensorId wide = c[0];
  if (c.has(3))
    wide = m.concat({c[3], c[0]}, 2);
  else
    wide = m.pad(wide, {0, 0, before}, {0, 0, 0});
  const int64_t length = m.shape(wide)[2];
  if (m.failed() || length != before + x[2] || x[2] < 1)
    return {m.bad(format("{} entries after {}", x[2], length - x[2]))};
  const DType type = m.type(c[0]);
  TensorId y = convolved(m, wide, c[1], c[2], {Slide{.in = length, .kernel = w[2]}}, x[1]);
  if (activation != "none") y = m.cast(m.unary(Op::silu, m.cast(y, DType::f32)), type);
  return {y, m.part(wide, 2, x[2], before)};
}

// [batch, time, heads · size] → [batch, heads, time, size]
TensorId by_heads(Maker& m, TensorId x, int64_t heads) {
  const Shape s = m.shape(x);
  if (s.rank() != 3 || heads < 1 || s[2] % heads) return m.bad(format("{} heads in {}", heads, s.to_string()));
  return m.transpose(m.reshape(m.cast(x, DType::f32), Ints{s[0], s[1], heads, s[2] / heads}), {0, 2, 1, 3});
}

// A matrix per head that decays, learns keys and values step by step, and answers queries.
Ids linear_attention(Maker& m, Call& c) {
  const int64_t queries = c.i("q_num_heads", 0), heads = c.i("kv_num_heads", 0);
  const std::string_view rule = c.s("update_rule", "gated_delta");
  const bool gated = rule == "gated" || rule == "gated_delta", delta = rule == "delta" || rule == "gated_delta";
  if (!gated && !delta && rule != "linear") return {m.bad(format("update_rule \"{}\"", rule))};
  if (heads < 1 || queries < 1 || queries % heads || gated != c.has(4) || delta != c.has(5))
    return {m.bad(format("{} heads of queries, {} of keys, rule \"{}\" with other inputs", queries, heads, rule))};
  const DType type = m.type(c[0]);
  const TensorId q = by_heads(m, c[0], queries), k = by_heads(m, c[1], heads), v = by_heads(m, c[2], heads);
  if (m.failed()) return {};
  const int64_t batch = m.shape(q)[0], steps = m.shape(q)[2], size = m.shape(q)[3], width = m.shape(v)[3];
  if (steps < 1 || steps > 1024) return {m.unsupported(format("{} steps", steps))};
  TensorId decay = kNoTensor, beta = kNoTensor;
  if (gated) decay = by_heads(m, c[4], heads);
  if (delta) beta = by_heads(m, c[5], m.shape(c[5]).dim(-1) == 1 ? 1 : heads);
  TensorId state = c.has(3) ? m.cast(c[3], DType::f32) : m.expand(m.scalar(0.0f), Shape{batch, heads, size, width});
  const DType state_type = c.has(3) ? m.type(c[3]) : type;
  const float scale = c.f("scale", 0) != 0 ? c.f("scale", 0) : 1 / std::sqrt(static_cast<float>(size));
  // Entries of one step with axes [batch, heads, rows, columns].
  const auto at = [&](TensorId x, int64_t t, bool column) {
    const Shape s = m.shape(x);
    const int64_t n = s[3];
    return m.reshape(m.part(x, 2, t, 1), column ? Ints{s[0], s[1], n, 1} : Ints{s[0], s[1], 1, n});
  };
  Ids outputs;
  for (int64_t t = 0; t < steps && !m.failed(); ++t) {
    if (gated) state = m.mul(state, m.unary(Op::exp, at(decay, t, true)));
    const TensorId key = at(k, t, true);
    TensorId value = at(v, t, false);
    if (delta) value = m.mul(m.sub(value, m.reduce(Op::sum, m.mul(state, key), {2}, true)), at(beta, t, false));
    state = m.add(state, m.mul(key, value));
    TensorId read = state;
    if (queries != heads) {
      const int64_t times = queries / heads;
      read = m.expand(m.reshape(read, Ints{batch, heads, 1, size, width}), Shape{batch, heads, times, size, width});
      read = m.reshape(read, Ints{batch, queries, size, width});
    }
    outputs.push_back(m.mul(m.reduce(Op::sum, m.mul(read, at(q, t, true)), {2}, true), scale));
  }
  if (m.failed()) return {};
  const TensorId y = m.transpose(m.concat(outputs, 2), {0, 2, 1, 3});
  return {m.cast(m.reshape(y, Ints{batch, steps, queries * width}), type), m.cast(state, state_type)};
}

constexpr Rule kRules[] = {
    {"CausalConvWithState", 2, 4, causal_conv},
    {"LinearAttention", 3, 6, linear_attention},
};

}  // namespace

std::span<const Rule> sequence_rules() { return kRules; }

}  // namespace thimble::onnx
