// Statistics are gathered in a number of chunks of rows that the plan fixes, and the chunks are
// combined in order: the bits do not depend on the number of threads.
#include "ops/batch_norm/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "ops/batch_norm/chunks.h"
#include "ops/batch_norm/lower_columns.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

// Per chunk and channel: mean, and the sum of squared differences from it.
struct MomentsParams {
  const float* x;
  float *mean, *squares;  // [chunks, channels]
  Chunks chunks;
  int64_t channels;
};

void run_moments(const MomentsParams& p, int part, int parts) {
  const Range r = part_range(p.chunks.count, part, parts);
  const int64_t n = p.channels;
  for (int64_t chunk = r.begin; chunk < r.end; ++chunk) {
    float *mean = p.mean + chunk * n, *squares = p.squares + chunk * n;
    const int64_t first = p.chunks.begin(chunk), last = p.chunks.begin(chunk + 1);
    const auto rows = static_cast<float>(last - first);
    for_columns(n, [&](int64_t c, auto at) {
      auto sum = at.zero(), square = at.zero();
      for (int64_t row = first; row < last; ++row) sum += at.load(p.x + row * n + c);
      const auto centre = sum / rows;
      for (int64_t row = first; row < last; ++row) {
        const auto d = at.load(p.x + row * n + c) - centre;
        square += d * d;
      }
      at.store(mean + c, centre);
      at.store(squares + c, square);
    });
  }
}

// Chan's combination of the chunks, the running statistics, and the coefficients of y.
struct CombineParams {
  const float *chunk_mean, *chunk_squares, *gamma;
  float *running_mean, *running_variance;
  float *mean, *inverse, *factor;  // [channels]: factor = gamma · inverse
  Chunks chunks;
  int64_t channels;
  float momentum, epsilon;
};

void run_combine(const CombineParams& p, int, int) {
  for (int64_t c = 0; c < p.channels; ++c) {
    double sum = 0, squares = 0;
    for (int64_t k = 0; k < p.chunks.count; ++k)
      sum += static_cast<double>(p.chunk_mean[k * p.channels + c]) * static_cast<double>(p.chunks.size(k));
    const double mean = sum / static_cast<double>(p.chunks.rows);
    for (int64_t k = 0; k < p.chunks.count; ++k) {
      const double d = p.chunk_mean[k * p.channels + c] - mean;
      squares += p.chunk_squares[k * p.channels + c] + d * d * static_cast<double>(p.chunks.size(k));
    }
    const double variance = squares / static_cast<double>(p.chunks.rows);
    p.running_mean[c] = p.running_mean[c] * p.momentum + static_cast<float>(mean) * (1 - p.momentum);
    p.running_variance[c] = p.running_variance[c] * p.momentum + static_cast<float>(variance) * (1 - p.momentum);
    p.mean[c] = static_cast<float>(mean);
    p.inverse[c] = static_cast<float>(1 / std::sqrt(variance + p.epsilon));
    p.factor[c] = p.gamma[c] * p.inverse[c];
  }
}

// factor = gamma / √(variance + epsilon) of the running statistics.
struct FactorParams {
  const float *gamma, *variance;
  float* factor;
  int64_t channels;
  float epsilon;
};

void run_factor(const FactorParams& p, int, int) {
  for (int64_t c = 0; c < p.channels; ++c)
    p.factor[c] = static_cast<float>(p.gamma[c] / std::sqrt(static_cast<double>(p.variance[c]) + p.epsilon));
}

struct ApplyParams {
  const float *x, *mean, *factor, *beta;
  float* y;
  int64_t rows, channels;
};

void run_apply(const ApplyParams& p, int part, int parts) {
  const Range r = part_range(p.rows, part, parts);
  const int64_t n = p.channels;
  for (int64_t row = r.begin; row < r.end; ++row)
    for_columns(n, [&](int64_t c, auto at) {
      const int64_t i = row * n + c;
      at.store(p.y + i, (at.load(p.x + i) - at.load(p.mean + c)) * at.load(p.factor + c) + at.load(p.beta + c));
    });
}

}  // namespace

Result<bool> batch_norm(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<BatchNormAttrs>();
  const Shape& x = ctx.in(0).shape;
  const int64_t channels = x.dim(-1), rows = x.elements() / channels;
  const int parts = ctx.parts_for(static_cast<double>(x.elements()) * 0.4);
  const ScratchId factor = ctx.scratch(channels * 4);
  if (attrs.training) {
    const Chunks chunks(rows);
    const ScratchId mean = ctx.scratch(chunks.count * channels * 4), squares = ctx.scratch(chunks.count * channels * 4);
    auto* moments = ctx.step<run_moments>(parts);
    moments->chunks = chunks;
    moments->channels = channels;
    ctx.bind_in(&moments->x, 0);
    ctx.bind_scratch(&moments->mean, mean);
    ctx.bind_scratch(&moments->squares, squares);
    auto* combine = ctx.step<run_combine>();
    combine->chunks = chunks;
    combine->channels = channels;
    combine->momentum = attrs.momentum;
    combine->epsilon = attrs.epsilon;
    ctx.bind_scratch(&combine->chunk_mean, mean);
    ctx.bind_scratch(&combine->chunk_squares, squares);
    ctx.bind_in(&combine->gamma, 1);
    ctx.bind_in(&combine->running_mean, 3);
    ctx.bind_in(&combine->running_variance, 4);
    ctx.bind_out(&combine->mean, 1);
    ctx.bind_out(&combine->inverse, 2);
    ctx.bind_scratch(&combine->factor, factor);
  } else {
    auto* p = ctx.step<run_factor>();
    p->channels = channels;
    p->epsilon = attrs.epsilon;
    ctx.bind_in(&p->gamma, 1);
    ctx.bind_in(&p->variance, 4);
    ctx.bind_scratch(&p->factor, factor);
  }
  auto* apply = ctx.step<run_apply>(parts);
  apply->rows = rows;
  apply->channels = channels;
  ctx.bind_in(&apply->x, 0);
  if (attrs.training) {
    ctx.bind_out(&apply->mean, 1);
  } else {
    ctx.bind_in(&apply->mean, 3);
  }
  ctx.bind_scratch(&apply->factor, factor);
  ctx.bind_in(&apply->beta, 2);
  ctx.bind_out(&apply->y);
  return true;
}

}  // namespace thimble::lowering
