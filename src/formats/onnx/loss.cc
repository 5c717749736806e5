// ONNX's losses as operators of a graph.
#include "formats/onnx/rule.h"
#include "ops/softmax/softmax.h"

namespace thimble::onnx {
namespace {

// Of log-probabilities x [n, classes, …] and classes t [n, …]: −w[t] · x[t], 0 where t is ignored; the mean is
// weighted.
TensorId likelihood(Maker& m, const Call& c, TensorId x, TensorId t, TensorId weights) {
  const Shape s = m.shape(x);
  if (s.rank() < 2 || m.rank(t) != s.rank() - 1)
    return m.bad(format("classes {} for {}", m.shape(t).to_string(), s.to_string()));
  const DType type = m.type(x);
  if (type != DType::f32) x = m.cast(x, DType::f32);
  Ints wide = m.dims(t), line(static_cast<size_t>(s.rank()), 1), list;
  wide.insert(wide.begin() + 1, 1);
  line[1] = s[1];
  for (int64_t k = 0; k < s[1]; ++k) list.push_back(k);
  const TensorId classes = m.reshape(m.cast(t, DType::i32), wide);
  TensorId hit = m.op(Op::equal, {classes, m.reshape(m.i32s(list), line)});
  if (c.given("ignore_index")) {
    const TensorId ignored = m.scalar(DType::i32, static_cast<double>(c.i("ignore_index", 0)));
    hit = m.op(Op::logical_and, {hit, m.op(Op::not_equal, {classes, ignored})});
  }
  const TensorId zero = m.scalar(0.0f);
  const TensorId weight = weights == kNoTensor ? m.scalar(1.0f) : m.reshape(m.cast(weights, DType::f32), line);
  const TensorId own = m.select(hit, m.expand(weight, s), zero);
  const TensorId parts = m.select(hit, m.mul(x, weight), zero);
  const TensorId loss = m.sub(zero, m.reduce(Op::sum, parts, {1}, false));
  const std::string_view reduction = c.s("reduction", "mean");
  if (reduction == "none") return m.cast(loss, type);
  if (reduction != "mean" && reduction != "sum") return m.bad(format("reduction \"{}\"", reduction));
  Ints all;
  for (int d = 0; d < s.rank() - 1; ++d) all.push_back(d);
  const TensorId sum = m.reduce(Op::sum, loss, all, false);
  if (reduction == "sum") return m.cast(sum, type);
  all.push_back(s.rank() - 1);
  return m.cast(m.div(sum, m.reduce(Op::sum, own, all, false)), type);
}

Ids softmax_loss(Maker& m, Call& c) {
  const Shape s = m.shape(c[0]);
  if (s.rank() < 2) return {m.bad(format("scores {}", s.to_string()))};
  Ints perm;
  for (int d = 0; d < s.rank(); ++d) perm.push_back(d);
  std::swap(perm[1], perm.back());
  const TensorId log = m.transpose(m.compute(Op::log_softmax, {m.transpose(c[0], perm)}, SoftmaxAttrs{}), perm);
  return {likelihood(m, c, log, c[1], c[2]), log};
}

constexpr Rule kRules[] = {
    {"NegativeLogLikelihoodLoss", 2, 3, [](Maker& m, Call& c) -> Ids { return {likelihood(m, c, c[0], c[1], c[2])}; }},
    {"SoftmaxCrossEntropyLoss", 2, 3, softmax_loss},
};

}  // namespace

std::span<const Rule> loss_rules() { return kRules; }

}  // namespace thimble::onnx
