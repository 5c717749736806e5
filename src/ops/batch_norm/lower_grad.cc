// Gradient of batch normalisation: sums in the plan's chunks, combined in order, then dx.
#include <algorithm>
#include <cmath>

#include "ops/batch_norm/batch_norm.h"
#include "ops/batch_norm/chunks.h"
#include "ops/batch_norm/lower_columns.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

// Per chunk and channel: Σ dy and Σ dy·(x − mean).
struct SumsParams {
  const float *x, *dy, *mean;
  float *sums, *products;  // [chunks, channels]
  Chunks chunks;
  int64_t channels;
};

void run_sums(const SumsParams& p, int part, int parts) {
  const Range r = part_range(p.chunks.count, part, parts);
  const int64_t n = p.channels;
  for (int64_t chunk = r.begin; chunk < r.end; ++chunk) {
    float *sums = p.sums + chunk * n, *products = p.products + chunk * n;
    const int64_t first = p.chunks.begin(chunk), last = p.chunks.begin(chunk + 1);
    for_columns(n, [&](int64_t c, auto at) {
      const auto mean = at.load(p.mean + c);
      auto sum = at.zero(), product = at.zero();
      for (int64_t row = first; row < last; ++row) {
        const auto dy = at.load(p.dy + row * n + c);
        sum += dy;
        product += dy * (at.load(p.x + row * n + c) - mean);
      }
      at.store(sums + c, sum);
      at.store(products + c, product);
    });
  }
}

// dgamma, dbeta, and dx = a·dy + b·(x − mean) + k per channel.
struct CombineParams {
  const float *sums, *products, *gamma, *deviation;
  float *dgamma, *dbeta;
  float* coefficients;  // a, b, k: [3, channels]
  Chunks chunks;
  int64_t channels;
  float epsilon;
  bool training;
};

void run_combine(const CombineParams& p, int, int) {
  const int64_t n = p.channels;
  const double rows = static_cast<double>(p.chunks.rows);
  for (int64_t c = 0; c < n; ++c) {
    double sum = 0, product = 0;
    for (int64_t k = 0; k < p.chunks.count; ++k) {
      sum += p.sums[k * n + c];
      product += p.products[k * n + c];
    }
    const double inverse = p.training ? static_cast<double>(p.deviation[c])
                                      : 1 / std::sqrt(static_cast<double>(p.deviation[c]) + p.epsilon);
    const double a = p.gamma[c] * inverse;
    p.dbeta[c] = static_cast<float>(sum);
    p.dgamma[c] = static_cast<float>(product * inverse);
    p.coefficients[c] = static_cast<float>(a);
    p.coefficients[n + c] = p.training ? static_cast<float>(-a * inverse * inverse * product / rows) : 0.0f;
    p.coefficients[2 * n + c] = p.training ? static_cast<float>(-a * sum / rows) : 0.0f;
  }
}

struct ApplyParams {
  const float *x, *dy, *mean, *coefficients;
  float* dx;
  int64_t rows, channels;
};

void run_apply(const ApplyParams& p, int part, int parts) {
  const Range r = part_range(p.rows, part, parts);
  const int64_t n = p.channels;
  const float *a = p.coefficients, *b = a + n, *k = b + n;
  for (int64_t row = r.begin; row < r.end; ++row)
    for_columns(n, [&](int64_t c, auto at) {
      const int64_t i = row * n + c;
      const auto away = at.load(p.x + i) - at.load(p.mean + c);
      at.store(p.dx + i, at.load(p.dy + i) * at.load(a + c) + (away * at.load(b + c) + at.load(k + c)));
    });
}

}  // namespace

Result<bool> batch_norm_grad(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<BatchNormAttrs>();
  const Shape& x = ctx.in(0).shape;
  const int64_t channels = x.dim(-1), rows = x.elements() / channels;
  const Chunks chunks(rows);
  const int parts = ctx.parts_for(static_cast<double>(x.elements()) * 0.5);
  const ScratchId coefficients = ctx.scratch(3 * channels * 4);
  const ScratchId sums = ctx.scratch(chunks.count * channels * 4), products = ctx.scratch(chunks.count * channels * 4);
  auto* first = ctx.step<run_sums>(parts);
  first->chunks = chunks;
  first->channels = channels;
  ctx.bind_in(&first->x, 0);
  ctx.bind_in(&first->dy, 4);
  ctx.bind_in(&first->mean, 2);
  ctx.bind_scratch(&first->sums, sums);
  ctx.bind_scratch(&first->products, products);
  auto* combine = ctx.step<run_combine>();
  combine->chunks = chunks;
  combine->channels = channels;
  combine->epsilon = attrs.epsilon;
  combine->training = attrs.training;
  ctx.bind_scratch(&combine->sums, sums);
  ctx.bind_scratch(&combine->products, products);
  ctx.bind_in(&combine->gamma, 1);
  ctx.bind_in(&combine->deviation, 3);
  ctx.bind_out(&combine->dgamma, 1);
  ctx.bind_out(&combine->dbeta, 2);
  ctx.bind_scratch(&combine->coefficients, coefficients);
  auto* apply = ctx.step<run_apply>(parts);
  apply->rows = rows;
  apply->channels = channels;
  ctx.bind_in(&apply->x, 0);
  ctx.bind_in(&apply->dy, 4);
  ctx.bind_in(&apply->mean, 2);
  ctx.bind_scratch(&apply->coefficients, coefficients);
  ctx.bind_out(&apply->dx);
  return true;
}

}  // namespace thimble::lowering
