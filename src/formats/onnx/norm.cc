// ONNX's normalisations and the softmax family.
#include <algorithm>

#include "formats/onnx/attention.h"
#include "ops/batch_norm/batch_norm.h"
#include "ops/softmax/softmax.h"

namespace thimble::onnx {
namespace {

// A value per channel (axis 1) against x.
TensorId per_channel(Maker& m, TensorId v, int rank) {
  Ints dims(static_cast<size_t>(std::max(1, rank - 1)), 1);
  dims[0] = m.shape(v).elements();
  return m.reshape(v, rank < 2 ? Ints{dims[0]} : dims);
}

TensorId square(Maker& m, TensorId x) { return m.mul(x, x); }
TensorId inverse_root(Maker& m, TensorId x) { return m.unary(Op::rsqrt, x); }

Ints axes_from(Maker& m, TensorId x, int first) {
  Ints axes;
  for (int d = first; d < m.rank(x); ++d) axes.push_back(d);
  return axes;
}

struct Normalised {
  TensorId y, mean, inverse_deviation;
};

// (x − mean) / √(variance + epsilon) over `axes`.
Normalised normalised(Maker& m, TensorId x, const Ints& axes, float epsilon) {
  const TensorId mean = m.reduce(Op::mean, x, axes, true), off = m.sub(x, mean);
  const TensorId inverse = inverse_root(m, m.add(m.reduce(Op::mean, square(m, off), axes, true), epsilon));
  return {m.mul(off, inverse), mean, inverse};
}

Ids batch_normalization(Maker& m, Call& c) {
  const TensorId x = c[0];
  const int rank = m.rank(x);
  const float epsilon = c.f("epsilon", 1e-5f);
  if (c.opset < 9 && c.i("spatial", 1) == 0) return {m.unsupported("statistics for each element (spatial = 0)")};
  for (size_t i = 1; i < 5; ++i)
    if (rank < 2 || m.shape(c[i]).elements() != m.shape(x)[1])
      return {m.bad(format("{} statistics for {}", m.shape(c[i]).to_string(), m.at(x).to_string()))};
  TensorId mean = c[3], variance = c[4];
  Ids out{kNoTensor};
  if (c.i("training_mode", 0)) {
    Ints axes{0};
    for (int d = 2; d < rank; ++d) axes.push_back(d);
    mean = m.reduce(Op::mean, x, axes, true);
    variance = m.reduce(Op::mean, square(m, m.sub(x, mean)), axes, true);
    const Shape channels{m.shape(x)[1]};
    mean = m.reshape(mean, channels), variance = m.reshape(variance, channels);
    const float momentum = c.f("momentum", 0.9f);
    out.push_back(m.add(m.mul(c[3], momentum), m.mul(mean, 1 - momentum)));
    out.push_back(m.add(m.mul(c[4], momentum), m.mul(variance, 1 - momentum)));
  }
  // Ours is over the last axis, and goes into the layer before it.
  const bool constants = m.constant(c[1]) && m.constant(c[2]) && m.constant(mean) && m.constant(variance);
  if (out.size() == 1 && constants && m.type(x) == DType::f32 && rank >= 3 && epsilon > 0) {
    Ints last{0}, back{0, rank - 1};
    for (int d = 2; d < rank; ++d) last.push_back(d), back.push_back(d - 1);
    last.push_back(1);
    BatchNormAttrs attrs;
    attrs.epsilon = epsilon;
    const TensorId y = m.op(Op::batch_norm, {m.transpose(x, last), c[1], c[2], mean, variance}, attrs);
    return {m.transpose(y, back)};
  }
  const TensorId scale = m.mul(c[1], inverse_root(m, m.add(variance, epsilon)));
  const TensorId shift = m.sub(c[2], m.mul(mean, scale));
  out[0] = m.add(m.mul(x, per_channel(m, scale, rank)), per_channel(m, shift, rank));
  return out;
}

// Mean and deviation are given as float32 (stash_type), whatever x is.
Ids layer_normalization(Maker& m, Call& c) {
  const int axis = m.axis(c.i("axis", -1), m.rank(c[0]));
  const DType type = m.type(c[0]);
  const Normalised n = normalised(m, m.cast(c[0], Maker::wide(type)), axes_from(m, c[0], axis), c.f("epsilon", 1e-5f));
  TensorId y = m.mul(m.cast(n.y, type), c[1]);
  if (c.has(2)) y = m.add(y, c[2]);
  const auto stashed = [&](size_t output, TensorId t) { return c.wants(output) ? m.cast(t, DType::f32) : kNoTensor; };
  return {y, stashed(1, n.mean), stashed(2, n.inverse_deviation)};
}

Ids rms_normalization(Maker& m, Call& c) {
  const int axis = m.axis(c.i("axis", -1), m.rank(c[0]));
  const DType type = m.type(c[0]);
  const TensorId x = m.cast(c[0], Maker::wide(type));
  const TensorId power = m.reduce(Op::mean, square(m, x), axes_from(m, x, axis), true);
  const TensorId y = m.cast(m.mul(x, inverse_root(m, m.add(power, c.f("epsilon", 1e-5f)))), type);
  return {m.mul(y, c[1])};
}

Ids instance_normalization(Maker& m, Call& c) {
  const int rank = m.rank(c[0]);
  if (rank < 3) return {m.bad(format("{} has no image", m.at(c[0]).to_string()))};
  const Normalised n = normalised(m, c[0], axes_from(m, c[0], 2), c.f("epsilon", 1e-5f));
  return {m.add(m.mul(n.y, per_channel(m, c[1], rank)), per_channel(m, c[2], rank))};
}

// Scale and bias per group until opset 20, per channel since.
Ids group_normalization(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  const int64_t groups = c.i("num_groups", 0);
  if (x.rank() < 2 || groups < 1 || x[1] % groups) return {m.bad(format("{} groups in {}", groups, x.to_string()))};
  const int64_t each = x[1] / groups;
  const TensorId split = m.reshape(c[0], Ints{x[0], groups, each * x.elements(2, x.rank())});
  TensorId y = normalised(m, split, {2}, c.f("epsilon", 1e-5f)).y;
  const auto per_channels = [&](TensorId v) {
    if (m.shape(v).elements() == groups && each != 1 && c.opset < 21)
      v = m.reshape(m.expand(m.reshape(v, Ints{groups, 1}), Shape{groups, each}), Ints{x[1]});
    return per_channel(m, v, x.rank());
  };
  y = m.reshape(y, x);
  return {m.add(m.mul(y, per_channels(c[1])), per_channels(c[2]))};
}

// A row of zeros stays so.
Ids lp_normalization(Maker& m, Call& c) {
  const int64_t p = c.i("p", 2), axis = m.axis(c.i("axis", -1), m.rank(c[0]));
  if (p != 1 && p != 2) return {m.bad(format("p is {}", p))};
  TensorId norm = p == 1 ? m.reduce(Op::sum, m.unary(Op::abs, c[0]), {axis}, true)
                         : m.unary(Op::sqrt, m.reduce(Op::sum, square(m, c[0]), {axis}, true));
  return {m.div(c[0], m.maximum(norm, m.like(norm, 1.17549435e-38)))};
}

Ids mean_variance_normalization(Maker& m, Call& c) {
  const Ints axes = c.ints("axes", {0, 2, 3});
  const TensorId off = m.sub(c[0], m.reduce(Op::mean, c[0], axes, true));
  const TensorId deviation = m.unary(Op::sqrt, m.reduce(Op::mean, square(m, off), axes, true));
  return {m.div(off, m.add(deviation, 1e-9f))};
}

// x / (bias + alpha / size · Σ x² over `size` channels around)^beta
Ids lrn(Maker& m, Call& c) {
  const int64_t size = c.i("size", 0);
  const Shape x = m.shape(c[0]);
  if (x.rank() < 2 || size < 1 || size > 1024) return {m.bad(format("size {} for {}", size, x.to_string()))};
  const int64_t before = (size - 1) / 2, after = size - 1 - before;
  Ints head(static_cast<size_t>(x.rank()), 0), tail = head;
  head[1] = before, tail[1] = after;
  const TensorId wide = m.pad(square(m, c[0]), head, tail);
  TensorId sum = m.part(wide, 1, 0, x[1]);
  for (int64_t k = 1; k < size; ++k) sum = m.add(sum, m.part(wide, 1, k, x[1]));
  const TensorId base = m.add(m.mul(sum, c.f("alpha", 1e-4f) / static_cast<float>(size)), c.f("bias", 1));
  return {m.mul(c[0], m.unary(Op::exp, m.mul(m.unary(Op::log, base), -c.f("beta", 0.75f))))};
}

// Over the last axis, in any type.
TensorId soft_rows(Maker& m, Op op, TensorId x) {
  if (op == Op::softmax || m.type(x) == DType::bf16) return softmax(m, x);
  if (m.type(x) != DType::f64) return m.compute(op, {x}, SoftmaxAttrs{});
  const Ints last{m.rank(x) - 1};
  const TensorId off = m.sub(x, m.reduce(Op::reduce_max, x, last, true));
  return m.sub(off, m.unary(Op::log, m.reduce(Op::sum, m.unary(Op::exp, off), last, true)));
}

// Over the last axis ours does it; until opset 12 all axes from `axis` on are one.
Ids soft(Maker& m, Call& c, Op op) {
  const Shape x = m.shape(c[0]);
  if (x.rank() == 0) return {m.reshape(soft_rows(m, op, m.reshape(c[0], Ints{1})), Shape{})};
  const int64_t given = c.i("axis", c.opset < 13 ? 1 : -1);
  if (c.opset < 13 && given == x.rank())
    return {m.reshape(soft_rows(m, op, m.reshape(c[0], Ints{x.elements(), 1})), x)};
  const int axis = m.axis(given, x.rank());
  if (c.opset < 13) {
    const TensorId rows = m.reshape(c[0], Ints{x.elements(0, axis), x.elements(axis, x.rank())});
    return {m.reshape(soft_rows(m, op, rows), x)};
  }
  Ints perm;
  for (int d = 0; d < x.rank(); ++d) perm.push_back(d);
  std::swap(perm[static_cast<size_t>(axis)], perm.back());
  return {m.transpose(soft_rows(m, op, m.transpose(c[0], perm)), perm)};
}

constexpr Rule kRules[] = {
    {"BatchNormalization", 5, 5, batch_normalization},
    {"GroupNormalization", 3, 3, group_normalization},
    {"InstanceNormalization", 3, 3, instance_normalization},
    {"LRN", 1, 1, lrn},
    {"LayerNormalization", 2, 3, layer_normalization},
    {"LogSoftmax", 1, 1, [](Maker& m, Call& c) -> Ids { return soft(m, c, Op::log_softmax); }},
    {"LpNormalization", 1, 1, lp_normalization},
    {"MeanVarianceNormalization", 1, 1, mean_variance_normalization},
    {"RMSNormalization", 2, 2, rms_normalization},
    {"Softmax", 1, 1, [](Maker& m, Call& c) -> Ids { return soft(m, c, Op::softmax); }},
};

}  // namespace

std::span<const Rule> norm_rules() { return kRules; }

}  // namespace thimble::onnx
