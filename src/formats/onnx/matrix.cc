#include "formats/onnx/matrix.h"

#include <algorithm>

#include "formats/onnx/rule.h"
#include "ops/batch_matmul/batch_matmul.h"
#include "ops/broadcast.h"
#include "ops/fully_connected/fully_connected.h"

namespace thimble::onnx {
namespace {

// Products [rows, k] · [k, columns], beyond what ours takes one after another: operands of one rank, their axes before
// the matrices given by `batch`.
TensorId batches(Maker& m, TensorId a, TensorId b, const Shape& batch) {
  const int64_t rows = m.shape(a).dim(-2), k = m.shape(a).dim(-1), columns = m.shape(b).dim(-1),
                count = batch.elements();
  if (m.rank(a) <= 5 && m.rank(b) <= 5) return m.compute(Op::batch_matmul, {a, b}, BatchMatmulAttrs{});
  const auto flat = [&](TensorId x, int64_t p, int64_t q) {
    Ints dims(batch.dims().begin(), batch.dims().end());
    dims.push_back(p), dims.push_back(q);
    auto full = Shape::make(std::span<const int64_t>(dims));
    if (!full) return m.fail(std::move(full).error());
    return m.reshape(m.expand(x, *full), Ints{count, p, q});
  };
  const TensorId as = flat(a, rows, k), bs = flat(turned(m, b), columns, k);
  if (count > 4096) return m.unsupported(format("{} products of matrices in one MatMul", count));
  Ids parts;
  for (int64_t i = 0; i < count && !m.failed(); ++i) {
    const TensorId x = m.reshape(m.part(as, 0, i, 1), Ints{rows, k}),
                   w = m.reshape(m.part(bs, 0, i, 1), Ints{columns, k});
    parts.push_back(linear(m, x, w));
  }
  if (m.failed()) return kNoTensor;
  if (parts.empty()) return m.unsupported("products of no matrices");
  Ints dims(batch.dims().begin(), batch.dims().end());
  dims.push_back(rows), dims.push_back(columns);
  return m.reshape(m.concat(parts, 0), dims);
}

Ids gemm(Maker& m, Call& c) {
  if (m.rank(c[0]) != 2 || m.rank(c[1]) != 2) return {m.bad("its operands are no matrices")};
  const float alpha = c.f("alpha", 1), beta = c.f("beta", 1);
  const TensorId a = c.i("transA", 0) ? turned(m, c[0]) : c[0];
  TensorId w = c.i("transB", 0) ? c[1] : turned(m, c[1]);
  if (alpha != 1) w = m.mul(w, alpha);
  if (!c.has(2) || beta == 0) return {linear(m, a, w)};
  const TensorId bias = beta == 1 ? c[2] : m.mul(c[2], beta);
  const int64_t columns = m.shape(w)[0];
  if (m.constant(bias) && m.shape(bias).elements() == columns &&
      (m.rank(bias) == 1 || m.shape(bias).dim(-1) == columns))
    return {linear(m, a, w, m.reshape(bias, Shape{columns}))};
  return {m.add(linear(m, a, w), bias)};
}

constexpr Rule kRules[] = {
    {"Gemm", 2, 3, gemm},
    {"MatMul", 2, 2, [](Maker& m, Call& c) -> Ids { return {matmul(m, c[0], c[1])}; }},
};

}  // namespace

TensorId turned(Maker& m, TensorId x) {
  Ints perm;
  for (int d = 0; d < m.rank(x); ++d) perm.push_back(d);
  if (perm.size() < 2) return m.bad("a matrix has two axes");
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return m.transpose(x, perm);
}

TensorId linear(Maker& m, TensorId x, TensorId w, TensorId bias) {
  if (m.failed()) return kNoTensor;
  const DType type = m.type(x);
  if (type == DType::i32 || type == DType::i64 || type == DType::f64)
    return m.unsupported(format("products of matrices of {}", name(type)));
  if (m.shape(x).dim(-1) != m.shape(w).dim(-1))
    return m.bad(
        format("{} and {} have no common dimension to multiply over", m.at(x).to_string(), m.at(w).to_string()));
  Ids in{x, w};
  if (bias != kNoTensor) in.push_back(bias);
  FullyConnectedAttrs attrs;
  attrs.keep_num_dims = true;
  return m.compute(Op::fully_connected, std::move(in), attrs);
}

TensorId matmul(Maker& m, TensorId a, TensorId b) {
  if (m.failed()) return kNoTensor;
  const int ra = m.rank(a), rb = m.rank(b);
  if (ra == 0 || rb == 0) return m.bad("MatMul of a number");
  if (ra == 1) {
    const TensorId y = matmul(m, m.reshape(a, Ints{1, m.shape(a)[0]}), b);
    Ints dims = m.dims(y);
    dims.erase(dims.end() - (rb == 1 ? 1 : 2));
    return m.reshape(y, dims);
  }
  if (rb == 1) {
    const TensorId y = matmul(m, a, m.reshape(b, Ints{m.shape(b)[0], 1}));
    return m.reshape(y, m.shape(a).dims().first(static_cast<size_t>(ra - 1)));
  }
  if (m.shape(a).dim(-1) != m.shape(b).dim(-2))
    return m.bad(
        format("{} and {} have no common dimension to multiply over", m.at(a).to_string(), m.at(b).to_string()));
  auto ba = Shape::make(m.shape(a).dims().first(static_cast<size_t>(ra - 2)));
  auto bb = Shape::make(m.shape(b).dims().first(static_cast<size_t>(rb - 2)));
  auto batch = broadcast_shape(*ba, *bb);
  if (!batch) return m.fail(std::move(batch).error());
  // One matrix for all rows of a.
  if (bb->elements() == 1 && rb <= ra)
    return linear(m, a, m.reshape(turned(m, b), Ints{m.shape(b).dim(-1), m.shape(b).dim(-2)}));
  return batches(m, a, b, *batch);
}

std::span<const Rule> matrix_rules() { return kRules; }

}  // namespace thimble::onnx
