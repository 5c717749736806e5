// ONNX's attention and rotary embedding.
#include "formats/onnx/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/onnx/constants.h"
#include "formats/onnx/matrix.h"
#include "ops/gather/gather.h"
#include "ops/softmax/softmax.h"

namespace thimble::onnx {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TensorId select(Maker& m, TensorId condition, TensorId x, TensorId y) { return m.select(condition, x, y); }

// [batch, length, heads · size] → [batch, heads, length, size]
TensorId by_heads(Maker& m, TensorId x, int64_t heads) {
  const Shape s = m.shape(x);
  if (s.rank() == 4) return x;
  if (s.rank() != 3 || heads < 1 || s[2] % heads) return m.bad(format("{} heads in {}", heads, s.to_string()));
  return m.transpose(m.reshape(x, Ints{s[0], s[1], heads, s[2] / heads}), {0, 2, 1, 3});
}

// Each head of keys or values serves several of the queries.
TensorId repeated(Maker& m, TensorId x, int64_t heads) {
  const Shape s = m.shape(x);
  if (m.failed() || s[1] == heads) return m.failed() ? kNoTensor : x;
  if (s[1] < 1 || heads % s[1]) return m.bad(format("{} heads of queries for {}", heads, s.to_string()));
  const int64_t times = heads / s[1];
  const TensorId wide = m.expand(m.reshape(x, Ints{s[0], s[1], 1, s[2], s[3]}), Shape{s[0], s[1], times, s[2], s[3]});
  return m.reshape(wide, Ints{s[0], heads, s[2], s[3]});
}

// A sum of a few hundred of its numbers has none of its digits left: how it is rounded decides the answer, and ONNX
// does not say.
TensorId refuse_bfloat16(Maker& m) {
  return m.fail(ErrorCode::unsupported, "a softmax in bfloat16, whose sums ONNX leaves open how to round",
                "cast its input to float32");
}

TensorId count_up(Maker& m, int64_t n, const Ints& dims) {
  Ints list;
  for (int64_t k = 0; k < n; ++k) list.push_back(k);
  return m.reshape(m.i32s(list), dims);
}

// What is added to the scores [batch, heads, queries, keys] before the softmax: 0, a mask's values, or −∞ where a query
// must not see a key. kNoTensor: nothing.
TensorId bias_of(Maker& m, const Call& c, int64_t queries, int64_t keys, int64_t past) {
  TensorId bias = c[3];
  if (bias != kNoTensor) {
    const int64_t given = m.shape(bias).dim(-1);
    if (m.rank(bias) < 1 || given > keys)
      return m.bad(format("a mask {} for {} keys", m.shape(bias).to_string(), keys));
    const bool truth = m.type(bias) == DType::boolean;
    if (!truth) bias = m.cast(bias, DType::f32);
    if (given < keys) {
      Ints before(static_cast<size_t>(m.rank(bias)), 0), after = before;
      after.back() = keys - given;
      bias = m.pad(bias, before, after, truth ? m.scalar(DType::boolean, 0) : m.scalar(-kInfinity));
    }
    if (truth) bias = select(m, bias, m.scalar(0.0f), m.scalar(-kInfinity));
  }
  TensorId allowed = kNoTensor;
  const auto also = [&](TensorId condition) {
    allowed = allowed == kNoTensor ? condition : m.op(Op::logical_and, {allowed, condition});
  };
  const TensorId lengths = c[6];
  const TensorId key = count_up(m, keys, Ints{1, keys});
  TensorId query = count_up(m, queries, Ints{queries, 1});
  if (lengths != kNoTensor) {
    const TensorId length = m.reshape(m.cast(lengths, DType::i32), Ints{m.shape(lengths).elements(), 1, 1, 1});
    also(m.op(Op::less, {key, length}));
    query = m.add(query, m.sub(length, m.scalar(DType::i32, static_cast<double>(queries))));
  } else {
    query = m.add(query, m.scalar(DType::i32, static_cast<double>(past)));
  }
  if (c.i("is_causal", 0)) also(m.op(Op::less_equal, {key, query}));
  const int64_t left = c.i("left_window_size", -1), right = c.i("right_window_size", -1);
  if (left < -1 || right < -1 || left > INT32_MAX || right > INT32_MAX) return m.bad("the sizes of the window");
  if (left >= 0) also(m.op(Op::less_equal, {m.sub(query, key), m.scalar(DType::i32, static_cast<double>(left))}));
  if (right >= 0) also(m.op(Op::less_equal, {m.sub(key, query), m.scalar(DType::i32, static_cast<double>(right))}));
  if (allowed == kNoTensor) return bias;
  return select(m, allowed, bias == kNoTensor ? m.scalar(0.0f) : bias, m.scalar(-kInfinity));
}

Ids attention(Maker& m, Call& c) {
  const DType type = m.type(c[0]);
  if (type == DType::bf16) return {refuse_bfloat16(m)};
  const bool flat = m.rank(c[0]) == 3;
  const TensorId q = by_heads(m, m.cast(c[0], DType::f32), c.i("q_num_heads", 0));
  TensorId k = by_heads(m, c[1], c.i("kv_num_heads", 0)), v = by_heads(m, c[2], c.i("kv_num_heads", 0));
  if (m.failed() || m.rank(q) != 4 || m.rank(k) != 4 || m.rank(v) != 4)
    return {m.bad("queries, keys and values of other shapes")};
  int64_t past = 0;
  if (c.has(4) != c.has(5)) return {m.bad("past keys and past values come together")};
  if (c.has(4)) {
    past = m.shape(c[4]).dim(2);
    k = m.concat({c[4], k}, 2), v = m.concat({c[5], v}, 2);
  }
  if (m.failed()) return {};
  const int64_t heads = m.shape(q)[1], queries = m.shape(q)[2], keys = m.shape(k)[2], size = m.shape(q)[3];
  const float scale = std::sqrt(c.given("scale") ? c.f("scale", 1) : 1 / std::sqrt(static_cast<float>(size)));
  const TensorId wide_k = repeated(m, m.cast(k, DType::f32), heads), wide_v = repeated(m, m.cast(v, DType::f32), heads);
  TensorId scores = matmul(m, m.mul(q, scale), turned(m, m.mul(wide_k, scale)));
  TensorId shown = scores;
  const int64_t mode = c.i("qk_matmul_output_mode", 0);
  if (const float cap = c.f("softcap", 0); cap > 0) scores = m.mul(m.unary(Op::tanh, m.mul(scores, 1 / cap)), cap);
  if (mode == 1) shown = scores;
  const TensorId bias = bias_of(m, c, queries, keys, past);
  TensorId hidden = kNoTensor;
  if (bias != kNoTensor) {
    hidden = m.op(Op::equal, {bias, m.scalar(-kInfinity)});
    scores = select(m, hidden, m.scalar(-kInfinity), m.add(scores, select(m, hidden, m.scalar(0.0f), bias)));
  }
  if (mode == 2) shown = scores;
  TensorId weights = softmax(m, scores);
  if (hidden != kNoTensor) {  // a query that sees no key has no weights
    const TensorId seen = m.cast(m.op(Op::logical_not, {hidden}), DType::i32);
    const TensorId any = m.reduce(Op::reduce_max, seen, {m.rank(seen) - 1}, true);
    weights = select(m, m.op(Op::equal, {any, m.scalar(DType::i32, 0)}), m.scalar(0.0f), weights);
  }
  if (mode == 3) shown = weights;
  TensorId y = matmul(m, weights, wide_v);
  if (flat && !m.failed()) {
    const Shape s = m.shape(y);
    y = m.reshape(m.transpose(y, {0, 2, 1, 3}), Ints{s[0], s[2], s[1] * s[3]});
  }
  return {m.cast(y, type), k, v, m.cast(shown, type)};
}

// Pairs of each head's entries, turned by angles whose cosines and sines stand in tables.
Ids rotary_embedding(Maker& m, Call& c) {
  const Shape given = m.shape(c[0]);
  TensorId x = c[0];
  if (given.rank() == 4) x = m.transpose(x, {0, 2, 1, 3});
  if (given.rank() == 3) {
    const int64_t heads = c.i("num_heads", 0);
    if (heads < 1 || given[2] % heads) return {m.bad(format("{} heads in {}", heads, given.to_string()))};
    x = m.reshape(x, Ints{given[0], given[1], heads, given[2] / heads});
  }
  const Shape s = m.shape(x);
  if (m.failed() || s.rank() != 4) return {m.bad(format("{} is no sequence of heads", given.to_string()))};
  int64_t turned = c.i("rotary_embedding_dim", 0);
  if (turned == 0) turned = s[3];
  if (turned < 2 || turned % 2 || turned > s[3]) return {m.bad(format("{} of {} entries are turned", turned, s[3]))};
  const int64_t half = turned / 2;
  TensorId cosines = c[1], sines = c[2];
  if (c.has(3)) {
    const TensorId at = m.cast(c[3], DType::i32);
    cosines = m.op(Op::gather, {cosines, at}, GatherAttrs{0, 0}, cosines);
    sines = m.op(Op::gather, {sines, at}, GatherAttrs{0, 0}, sines);
  }
  if (m.rank(cosines) != 3 || m.shape(cosines)[2] != half || !(m.shape(cosines) == m.shape(sines)))
    return {m.bad(
        format("tables {} and {} for {} entries", m.shape(cosines).to_string(), m.shape(sines).to_string(), half))};
  const Shape t = m.shape(cosines);
  cosines = m.reshape(cosines, Ints{t[0], t[1], 1, half}), sines = m.reshape(sines, Ints{t[0], t[1], 1, half});
  const bool interleaved = c.i("interleaved", 0) != 0;
  const TensorId front = m.part(x, 3, 0, turned);
  TensorId a, b;
  if (interleaved) {
    const TensorId pairs = m.reshape(front, Ints{s[0], s[1], s[2], half, 2});
    a = m.reshape(m.part(pairs, 4, 0, 1), Ints{s[0], s[1], s[2], half});
    b = m.reshape(m.part(pairs, 4, 1, 1), Ints{s[0], s[1], s[2], half});
  } else {
    a = m.part(front, 3, 0, half), b = m.part(front, 3, half, half);
  }
  const TensorId real = m.sub(m.mul(cosines, a), m.mul(sines, b)),
                 imaginary = m.add(m.mul(sines, a), m.mul(cosines, b));
  TensorId y;
  if (interleaved) {
    const Ints wide{s[0], s[1], s[2], half, 1};
    y = m.reshape(m.concat({m.reshape(real, wide), m.reshape(imaginary, wide)}, 4), Ints{s[0], s[1], s[2], turned});
  } else {
    y = m.concat({real, imaginary}, 3);
  }
  if (turned < s[3]) y = m.concat({y, m.part(x, 3, turned, s[3] - turned)}, 3);
  if (given.rank() == 4) return {m.transpose(y, {0, 2, 1, 3})};
  return {m.reshape(y, given)};
}

constexpr Rule kRules[] = {
    {"Attention", 3, 7, attention},
    {"RotaryEmbedding", 3, 4, rotary_embedding},
};

}  // namespace

TensorId softmax(Maker& m, TensorId x) {
  if (m.type(x) == DType::bf16) return refuse_bfloat16(m);
  if (m.failed() || m.type(x) != DType::f64) return m.compute(Op::softmax, {x}, SoftmaxAttrs{});
  const Ints last{m.rank(x) - 1};
  const TensorId powers = m.unary(Op::exp, m.sub(x, m.reduce(Op::reduce_max, x, last, true)));
  return m.div(powers, m.reduce(Op::sum, powers, last, true));
}

FlexAttention flex_scores(Maker& m, const Call& c) {
  const DType type = m.type(c[0]);
  DType precision = type == DType::f64 ? DType::f64 : DType::f32;
  if (const int64_t given = c.i("softmax_precision", 0); given != 0) {
    auto said = dtype_of(static_cast<int32_t>(std::clamp<int64_t>(given, -1, 1000)));
    if (!said) return m.fail(std::move(said).error()), FlexAttention{};
    precision = *said;
  }
  for (size_t i = 0; i < 3; ++i)
    if (m.rank(c[i]) != 4 || m.type(c[i]) != type || !Maker::is_float(type))
      return m.bad(format("queries, keys and values of {}", m.at(c[i]).to_string())), FlexAttention{};
  const Shape q = m.shape(c[0]), k = m.shape(c[1]), v = m.shape(c[2]);
  if (q[0] != k[0] || q[0] != v[0] || k[1] != v[1] || k[2] != v[2] || q[3] != k[3])
    return m.bad(format("queries {}, keys {}, values {}", q.to_string(), k.to_string(), v.to_string())),
           FlexAttention{};
  const DType wide = Maker::wide(type);
  const TensorId keys = repeated(m, m.cast(c[1], wide), q[1]), values = repeated(m, m.cast(c[2], wide), q[1]);
  const double scale = c.given("scale") ? c.f("scale", 1) : 1 / std::sqrt(static_cast<double>(q[3]));
  const TensorId product = matmul(m, m.cast(c[0], wide), turned(m, keys));
  return {m.cast(m.mul(product, m.like(product, scale)), precision), values};
}

TensorId flex_result(Maker& m, const Call& c, const FlexAttention& parts) {
  return m.cast(matmul(m, m.cast(parts.scores, m.type(parts.values)), parts.values), m.type(c[0]));
}

std::span<const Rule> attention_rules() { return kRules; }

}  // namespace thimble::onnx
