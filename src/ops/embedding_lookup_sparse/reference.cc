#include <algorithm>
#include <cmath>

#include "ops/embedding_lookup_sparse/embedding_lookup_sparse.h"

namespace thimble::reference {

void embedding_lookup_sparse(const RefCall& call) {
  const auto& p = call.plan<thimble_embedding_lookup_sparse>();
  const Combiner combiner = call.node.attrs.as<EmbeddingLookupSparseAttrs>().combiner;
  const auto *ids = call.in[0].as<int32_t>(), *indices = call.in[1].as<int32_t>();
  const auto *weights = call.in[3].as<float>(), *table = call.in[4].as<float>();
  float* y = call.out[0].as<float>();
  std::fill_n(y, call.out[0].shape.elements(), 0.0f);
  float total = 0, squares = 0;
  int64_t current = 0, summed = 0;
  const auto finish = [&] {
    if (combiner == Combiner::sum || summed == 0) return;
    const float by = combiner == Combiner::mean ? total : std::sqrt(squares);
    for (int64_t k = 0; k < p.columns; ++k) y[current * p.columns + k] /= by;
  };
  for (int64_t i = 0; i < p.count; ++i) {
    int64_t place = 0, outside = -1, size = p.rows;
    if (ids[i] >= 0 && ids[i] < p.rows) {
      for (int64_t d = 0; d + 1 < p.rank && outside < 0; ++d) {
        const int64_t at = indices[i * p.rank + d];
        if (at < 0 || at >= p.sizes[d]) {
          outside = i * p.rank + d;
          size = p.sizes[d];
        }
        place = place * p.sizes[d] + at;
      }
      if (outside >= 0 && call.fault) call.fault->index(indices[outside], size);
    } else {
      outside = 0;
      if (call.fault) call.fault->index(ids[i], p.rows);
    }
    if (outside >= 0) continue;
    if (place != current) {
      finish();
      summed = 0;
      total = squares = 0;
      current = place;
    }
    ++summed;
    const float w = weights[i];
    squares += w * w;
    total += w;
    for (int64_t k = 0; k < p.columns; ++k) y[place * p.columns + k] += table[ids[i] * p.columns + k] * w;
  }
  finish();
}

}  // namespace thimble::reference
