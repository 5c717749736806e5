// ONNX's layers over sequences that carry a state (a causal convolution, linear attention), its Fourier transform and
// windows.
#include <algorithm>
#include <cmath>

#include "formats/onnx/conv.h"
#include "formats/onnx/matrix.h"
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

// As a product with the matrix of its roots of unity; the last axis holds real and imaginary parts.
Ids dft(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  if (x.rank() < 2 || (x.dim(-1) != 1 && x.dim(-1) != 2)) return {m.bad(format("{} is no signal", x.to_string()))};
  int64_t given_axis = c.i("axis", 1);
  if (c.opset >= 20) {
    const Ints list = c.has(2) ? m.ints(c[2], "the axis") : Ints{-2};
    if (m.failed() || list.size() != 1) return {m.bad("the axis is one number")};
    given_axis = list[0];
  }
  const int axis = m.axis(given_axis, x.rank());
  if (m.failed() || axis == x.rank() - 1) return {m.bad(format("axis {}", given_axis))};
  const bool inverse = c.i("inverse", 0) != 0, onesided = c.i("onesided", 0) != 0, complex = x.dim(-1) == 2;
  const bool to_real = inverse && onesided;
  if (inverse && !to_real)
    return {m.unsupported("an inverse transform to complex numbers, whose sums float32 cannot hold well enough")};
  const Ints length = c.has(1) ? m.ints(c[1], "the length") : Ints{to_real ? 2 * (x[axis] - 1) : x[axis]};
  if (m.failed() || length.size() != 1 || length[0] < 1 || length[0] > 4096)
    return {m.unsupported("a transform of that length")};
  const int64_t n = length[0], entries = to_real ? n / 2 + 1 : n;  // of the input that count
  const int64_t results = onesided && !inverse ? n / 2 + 1 : n;
  // Entries k and n − k share their cosine, and their sines are opposite: they are added and subtracted first, so that
  // what cancels does so exactly. Of what becomes real one half is all there is.
  const int64_t pairs = to_real ? 0 : (n - 1) / 2, even = entries - pairs;
  std::vector<float> cosines, sines;
  for (int64_t k = 0; k < results; ++k)
    for (int64_t j = 0; j < even; ++j) {
      const double angle = 2 * M_PI * static_cast<double>(k * j % n) / static_cast<double>(n);
      double factor = inverse ? 1.0 / static_cast<double>(n) : 1.0;
      if (to_real && j > 0 && 2 * j != n) factor *= 2;  // and its mirror image
      cosines.push_back(static_cast<float>(std::cos(angle) * factor));
      if (to_real || (j > 0 && j <= pairs))
        sines.push_back(static_cast<float>(std::sin(angle) * factor * (inverse ? -1 : 1)));
    }
  // The axis last, as long as the transform wants it.
  Ints perm;
  for (int d = 0; d < x.rank() - 1; ++d) perm.push_back(d);
  std::swap(perm[static_cast<size_t>(axis)], perm.back());
  const auto row = [&](int64_t which) {
    Ints dims = m.dims(c[0]);
    dims.pop_back();
    TensorId y = m.transpose(m.reshape(m.part(c[0], x.rank() - 1, which, 1), dims), perm);
    const int last = x.rank() - 2;
    const int64_t have = m.shape(y)[last];
    if (have >= entries) return m.part(y, last, 0, entries);
    Ints none(static_cast<size_t>(x.rank() - 1), 0), after = none;
    after.back() = entries - have;
    return m.pad(y, none, after);
  };
  const int64_t odd = to_real ? entries : pairs;
  const TensorId cosine = m.values({results, even}, cosines),
                 sine = m.values({results, std::max<int64_t>(odd, 1)},
                                 odd ? sines : std::vector<float>(static_cast<size_t>(results)));
  struct Parts {
    TensorId even, odd;
  };
  const auto parts_of = [&](TensorId y) -> Parts {
    if (to_real) return {y, y};
    const int last = x.rank() - 2;
    if (pairs == 0) return {y, m.mul(m.part(y, last, 0, 1), 0.0f)};
    Ints begin(static_cast<size_t>(last) + 1, 0), end = m.dims(y), step(begin.size(), 1);
    begin.back() = n - 1, end.back() = n - 1 - pairs, step.back() = -1;
    const TensorId head = m.part(y, last, 1, pairs), tail = m.strided(y, begin, end, step);
    Ids list{m.part(y, last, 0, 1), m.add(head, tail)};
    if (n % 2 == 0) list.push_back(m.part(y, last, n / 2, 1));
    return {m.concat(list, last), m.sub(head, tail)};
  };
  const Parts real = parts_of(row(0));
  TensorId re = linear(m, real.even, cosine), im = m.sub(m.like(real.even, 0), linear(m, real.odd, sine));
  if (complex) {
    const Parts imaginary = parts_of(row(1));
    re = m.add(re, linear(m, imaginary.odd, sine));
    im = m.add(linear(m, imaginary.even, cosine), im);
  }
  const auto back = [&](TensorId y) {
    y = m.transpose(y, perm);
    Ints dims = m.dims(y);
    dims.push_back(1);
    return m.reshape(y, dims);
  };
  if (to_real) return {back(re)};
  return {m.concat({back(re), back(im)}, x.rank() - 1)};
}

// a0 − a1 · cos(2πn / N) + a2 · cos(4πn / N); N is the size, or one less.
template <int which>
Ids window_function(Maker& m, Call& c) {
  const Ints size = m.ints(c[0], "the size");
  if (m.failed() || size.size() != 1 || size[0] < 1 || size[0] > (1 << 20))
    return {m.unsupported("a window of that size")};
  constexpr double kTerms[3][3] = {{0.5, 0.5, 0}, {25.0 / 46, 21.0 / 46, 0}, {0.42, 0.5, 0.08}};
  const double* a = kTerms[which];
  const double n = static_cast<double>(size[0] - (c.i("periodic", 1) ? 0 : 1));
  std::vector<float> list;
  for (int64_t k = 0; k < size[0]; ++k) {
    const double angle = 2 * M_PI * static_cast<double>(k) / n;
    list.push_back(static_cast<float>(a[0] - a[1] * std::cos(angle) + a[2] * std::cos(2 * angle)));
  }
  const int64_t type = c.i("output_datatype", 1);
  if (type != 1) return {m.unsupported("a window of another type than float32")};
  return {m.values({size[0]}, list)};
}

constexpr Rule kRules[] = {
    {"BlackmanWindow", 1, 1, window_function<2>},
    {"HammingWindow", 1, 1, window_function<1>},
    {"HannWindow", 1, 1, window_function<0>},
    {"CausalConvWithState", 2, 4, causal_conv},
    {"DFT", 1, 3, dft},
    {"LinearAttention", 3, 6, linear_attention},
};

}  // namespace

std::span<const Rule> sequence_rules() { return kRules; }

}  // namespace thimble::onnx
