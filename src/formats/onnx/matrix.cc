#include "formats/onnx/matrix.h"

#include <algorithm>
#include <cmath>

#include "formats/onnx/rule.h"
#include "ops/batch_matmul/batch_matmul.h"
#include "ops/broadcast.h"
#include "ops/fully_connected/fully_connected.h"

namespace thimble::onnx {
namespace {

// The product of matrices of which one is empty: nothing, or sums of nothing.
TensorId zeros(Maker& m, TensorId like, std::span<const int64_t> batch, int64_t rows, int64_t columns) {
  Ints dims(batch.begin(), batch.end());
  dims.push_back(rows), dims.push_back(columns);
  auto shape = Shape::make(std::span<const int64_t>(dims));
  if (!shape) return m.fail(std::move(shape).error());
  return m.expand(m.like(like, 0), *shape);
}

bool empty(Maker& m, TensorId x) { return m.shape(x).elements() == 0; }

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

// Types whose products are sums of products of single elements.
bool by_sums(DType type) { return !Maker::is_float(type) || type == DType::f64; }

// [rows, k, 1] · [1, k, columns], added up over k.
TensorId summed(Maker& m, TensorId a, TensorId b) {
  if (std::max(m.rank(a), m.rank(b)) == Shape::kMaxRank) return m.unsupported("a product of eight axes");
  const DType type = m.type(a);
  if (type != m.type(b)) return m.bad(format("{} and {}", m.at(a).to_string(), m.at(b).to_string()));
  const bool wraps = type == DType::u32 || type == DType::u64;  // sums are those of int64
  Ints rows = m.dims(a), columns = m.dims(b);
  rows.push_back(1);
  columns.insert(columns.end() - 2, 1);
  const TensorId x = m.reshape(wraps ? m.cast(a, DType::i64) : a, rows),
                 y = m.reshape(wraps ? m.cast(b, DType::i64) : b, columns);
  auto both = broadcast_shape(m.shape(x), m.shape(y));
  if (!both || both->elements() > (1 << 22))
    return m.unsupported(format("so large a product of matrices of {}", name(type)));
  return m.cast(m.reduce(Op::sum, m.mul(x, y), {both->rank() - 2}, false), type);
}

Ids gemm(Maker& m, Call& c) {
  if (m.rank(c[0]) != 2 || m.rank(c[1]) != 2) return {m.bad("its operands are no matrices")};
  const float alpha = c.f("alpha", 1), beta = c.f("beta", 1);
  if (m.integer(c[0]) && (alpha != std::floor(alpha) || beta != std::floor(beta)))
    return {m.unsupported(format("Gemm of integers with alpha {} and beta {}", alpha, beta))};
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

// By the cofactors of the first row.
TensorId determinant(Maker& m, TensorId x) {
  const int64_t n = m.shape(x).dim(-1);
  const int row = m.rank(x) - 2, column = row + 1;
  Ints batch = m.dims(x);
  batch.resize(batch.size() - 2);
  if (m.failed() || n == 1) return m.reshape(x, batch);
  const TensorId below = m.part(x, row, 1, n - 1);
  TensorId sum = kNoTensor;
  for (int64_t k = 0; k < n && !m.failed(); ++k) {
    Ids rest;
    if (k > 0) rest.push_back(m.part(below, column, 0, k));
    if (k + 1 < n) rest.push_back(m.part(below, column, k + 1, n - 1 - k));
    const TensorId first = m.reshape(m.part(m.part(x, row, 0, 1), column, k, 1), batch);
    const TensorId term = m.mul(first, determinant(m, m.concat(rest, column)));
    sum = k == 0 ? term : k % 2 ? m.sub(sum, term) : m.add(sum, term);
  }
  return sum;
}

Ids det(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]);
  if (x.rank() < 2 || x.dim(-1) != x.dim(-2) || x.dim(-1) < 1) return {m.bad(format("{} is no square", x.to_string()))};
  if (x.dim(-1) > 4) return {m.unsupported(format("the determinant of {} rows", x.dim(-1)))};
  const DType type = m.type(c[0]);
  return {m.cast(determinant(m, m.cast(c[0], DType::f64)), type)};
}

constexpr Rule kRules[] = {
    {"Det", 1, 1, det},
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
  if (by_sums(m.type(x))) {
    const TensorId y = matmul(m, x, turned(m, w));
    return bias == kNoTensor ? y : m.add(y, bias);
  }
  if (m.shape(x).dim(-1) != m.shape(w).dim(-1))
    return m.bad(
        format("{} and {} have no common dimension to multiply over", m.at(x).to_string(), m.at(w).to_string()));
  if (m.rank(x) > 1 && (empty(m, x) || empty(m, w))) {
    const Shape shape = m.shape(x);
    const TensorId y =
        zeros(m, x, shape.dims().first(static_cast<size_t>(shape.rank() - 2)), shape.dim(-2), m.shape(w)[0]);
    return bias == kNoTensor ? y : m.add(y, bias);
  }
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
  if (!by_sums(m.type(a)) && (empty(m, a) || empty(m, b)))
    return zeros(m, a, batch->dims(), m.shape(a).dim(-2), m.shape(b).dim(-1));
  // One matrix for all rows of a.
  if (!by_sums(m.type(a)) && bb->elements() == 1 && rb <= ra)
    return linear(m, a, m.reshape(turned(m, b), Ints{m.shape(b).dim(-1), m.shape(b).dim(-2)}));
  return by_sums(m.type(a)) ? summed(m, a, b) : batches(m, a, b, *batch);
}

std::span<const Rule> matrix_rules() { return kRules; }

}  // namespace thimble::onnx
