// embedding_lookup(indices, table): rows of the table in the order of the indices.
//   indices  int32 [n]; 0 … rows − 1
//   table    [rows, …], rank 2 or more, any type of whole bytes
//   y        [n, …] of the table's type; or float32 where the table is int8 or int4 (zero point 0, one scale or one for
//            each row): value · scale
//   scales   optional, for float32 rows of integers without a scale of their own: constant float16, a scale for each of
//            the equal blocks that a row divides into, row by row
// An index outside is bad_file: found when the model is loaded where the indices are constant, else by the run, which
// then has no answer. Source: TensorFlow Lite EMBEDDING_LOOKUP.
#pragma once

#include "ops/op.h"

typedef struct thimble_embedding_lookup {
  thimble_dim count, rows;
  thimble_dim columns;  // elements of a row
  thimble_dim width;    // bytes of an element of the table
  thimble_dim hybrid;   // 1: int8 becomes float32
  thimble_dim blocks;   // of a row, each with a scale in a third operand; 0: the table has its scales itself
} thimble_embedding_lookup;

namespace thimble {

struct EmbeddingLookupAttrs {
  template <class V>
  void fields(V&) {}
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_embedding_lookup& p) {
  v.number("count", p.count);
  v.number("rows", p.rows);
  v.number("columns", p.columns);
  v.number("width", p.width);
  v.number("hybrid", p.hybrid);
  v.number("blocks of a row", p.blocks);
}
