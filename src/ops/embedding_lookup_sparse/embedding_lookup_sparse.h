// embedding_lookup_sparse(ids, indices, shape, weights, table): weighted sums of rows, one for each place of a sparse
// tensor's leading dimensions.
//   ids      int32 [n], the rows; weights float32 [n]
//   indices  int32 [n, r], constant or not: where each stands in a tensor of `shape`; the last coordinate says nothing
//   shape    constant int32 [r]
//   table    float32 [rows, …]
//   y        float32 [shape without its last, …]: Σ weight · row; 0 where nothing stands; mean: divided by Σ weight;
//            sqrtn: by √Σ weight². Entries of one place have to follow each other: whenever the place changes, what was
//            summed up before it is divided.
// An id or an index outside is bad_file. Source: TensorFlow Lite EMBEDDING_LOOKUP_SPARSE.
#pragma once

#include "ops/op.h"

typedef struct thimble_embedding_lookup_sparse {
  thimble_dim count, rows;
  thimble_dim columns;  // elements of a row
  thimble_dim rank;     // coordinates of an index
  thimble_dim sizes[THIMBLE_MAX_RANK];
} thimble_embedding_lookup_sparse;

namespace thimble {

enum class Combiner : uint8_t { sum, mean, sqrtn, count };
inline const char* name(Combiner c) { return c == Combiner::sum ? "sum" : c == Combiner::mean ? "mean" : "sqrtn"; }

struct EmbeddingLookupSparseAttrs {
  Combiner combiner = Combiner::sum;
  template <class V>
  void fields(V& v) {
    v("combiner", combiner);
  }
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_embedding_lookup_sparse& p) {
  v.number("count", p.count);
  v.number("rows", p.rows);
  v.number("columns", p.columns);
  v.number("rank", p.rank);
  fields(v, "sizes", p.sizes, THIMBLE_MAX_RANK);
}
