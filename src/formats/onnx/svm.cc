// Support vector machines of ai.onnx.ml as operators of ours: a row of kernel values, one per support vector, and
// products with it. The decisions between two classes and the votes are libsvm's (Chang and Lin, 2011).
#include <algorithm>

#include "formats/onnx/classic.h"
#include "formats/onnx/matrix.h"
#include "ops/arg_max/arg_max.h"
#include "ops/binary/binary.h"
#include "ops/gather/gather.h"

namespace thimble::onnx {
namespace {

// The kernel of each row of x [n, features] and each support vector: [n, vectors].
TensorId kernels(Maker& m, const Call& c, TensorId x, int64_t vectors) {
  const int64_t features = m.shape(x).dim(-1);
  const std::vector<float> list = c.floats("support_vectors"), given = c.floats("kernel_params");
  if (m.failed() || std::ssize(list) != vectors * features)
    return m.bad(format("{} numbers of {} support vectors with {} features", list.size(), vectors, features));
  const float gamma = given.empty() ? 0 : given[0], shift = given.size() > 1 ? given[1] : 0,
              degree = given.size() > 2 ? given[2] : 0;
  const std::string_view kind = c.s("kernel_type", "LINEAR");
  const TensorId v = m.values(Shape{vectors, features}, list);
  if (kind == "RBF") {
    const TensorId apart = m.sub(m.reshape(x, Ints{m.shape(x)[0], 1, features}), v);
    return m.unary(Op::exp, m.mul(m.reduce(Op::sum, m.mul(apart, apart), {2}, false), -gamma));
  }
  const TensorId product = linear(m, x, v);
  if (kind == "LINEAR") return product;
  const TensorId moved = m.add(m.mul(product, gamma), shift);
  if (kind == "SIGMOID") return m.unary(Op::tanh, moved);
  if (kind == "POLY") return m.op(Op::pow, {moved, m.scalar(degree)}, BinaryAttrs{});
  return m.bad(format("kernel_type \"{}\"", kind));
}

}  // namespace

Ids svm_regressor(Maker& m, Call& c) {
  const TensorId x = feature_rows(m, c[0]);
  const int64_t vectors = c.i("n_supports", 0);
  const std::vector<float> weights = c.floats("coefficients"), rho = c.floats("rho");
  if (m.rank(x) != 2 || vectors < 0 || rho.empty()) return {m.bad("it takes rows of features and has one rho")};
  const TensorId k = vectors > 0 ? kernels(m, c, x, vectors) : x;
  if (m.failed() || std::ssize(weights) != m.shape(k)[1]) return {m.bad(format("{} coefficients", weights.size()))};
  TensorId y = m.add(linear(m, k, m.values(Shape{1, std::ssize(weights)}, weights)), rho[0]);
  if (c.i("one_class", 0) != 0) y = m.select(m.op(Op::greater, {y, m.scalar(0.0f)}), m.scalar(1.0f), m.scalar(-1.0f));
  return {transformed(m, c, y)};
}

// The scores are those of each pair of classes i < j in order, positive for i; the label has most votes, the first of
// equal ones. Of two classes the score has a column for each, its negative first, as ONNX Runtime gives it.
Ids svm_classifier(Maker& m, Call& c) {
  const TensorId x = feature_rows(m, c[0]);
  const Ints labels = c.ints("classlabels_ints"), each = c.ints("vectors_per_class");
  const TensorId names = label_names(m, c, "classlabels_ints");
  if (c.given("prob_a") && !c.floats("prob_a").empty())
    return {m.fail(ErrorCode::unsupported, "probabilities of a support vector classifier",
                   "train it with probability=False, or export its decision function")};
  const auto classes = std::ssize(labels);
  if (m.rank(x) != 2 || classes < 2 || classes > 1000 || std::ssize(each) != classes)
    return {m.unsupported(format("{} classes, support vectors of {}", classes, each.size()))};
  int64_t vectors = 0;
  for (const int64_t n : each) vectors += n >= 0 && n < Maker::kMostBytes ? n : Maker::kMostBytes;
  const std::vector<float> weights = c.floats("coefficients"), rho = c.floats("rho");
  const int64_t pairs = classes * (classes - 1) / 2;
  if (m.failed() || std::ssize(weights) != (classes - 1) * vectors || std::ssize(rho) != pairs ||
      pairs * vectors > Maker::kMostBytes / 4)
    return {m.bad(format("{} coefficients and {} rho of {} classes", weights.size(), rho.size(), classes))};
  std::vector<float> decide(static_cast<size_t>(pairs * vectors)), votes(static_cast<size_t>(pairs * classes)),
      first(static_cast<size_t>(classes));
  int64_t pair = 0, start = 0;
  for (int64_t i = 0; i < classes; start += each[static_cast<size_t>(i++)]) {
    int64_t other = start + each[static_cast<size_t>(i)];
    for (int64_t j = i + 1; j < classes; other += each[static_cast<size_t>(j++)], ++pair) {
      const auto copy = [&](int64_t row, int64_t from, int64_t count) {
        for (int64_t s = from; s < from + count; ++s)
          decide[static_cast<size_t>(pair * vectors + s)] = weights[static_cast<size_t>(row * vectors + s)];
      };
      copy(j - 1, start, each[static_cast<size_t>(i)]);
      copy(i, other, each[static_cast<size_t>(j)]);
      votes[static_cast<size_t>(i * pairs + pair)] = 1;
      votes[static_cast<size_t>(j * pairs + pair)] = -1;
      first[static_cast<size_t>(j)] += 1;
    }
  }
  const TensorId scores =
      linear(m, kernels(m, c, x, vectors), m.values(Shape{pairs, vectors}, decide), m.values(Shape{pairs}, rho));
  const TensorId wins = m.cast(m.op(Op::greater, {scores, m.scalar(0.0f)}), DType::f32);
  const TensorId sums = linear(m, wins, m.values(Shape{classes, pairs}, votes), m.values(Shape{classes}, first));
  const TensorId best = m.op(Op::arg_max, {sums, m.scalar(DType::i32, 1)}, ArgMaxAttrs{});
  return {m.op(Op::gather, {names, best}, GatherAttrs{}),
          classes == 2 ? both_scores(m, c, scores, false) : transformed(m, c, scores)};
}

}  // namespace thimble::onnx
