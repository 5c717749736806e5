// matrix_diag(x): [b…, n] → [b…, n, n], x on the diagonal and 0 elsewhere.
// matrix_set_diag(x, diagonal): x [b…, n, m] with `diagonal` [b…, min(n, m)] in place of its own.
// Any type of whole bytes; the diagonal has x's type. Source: TensorFlow Lite MATRIX_DIAG, MATRIX_SET_DIAG.
#pragma once

#include "ops/op.h"

typedef struct thimble_matrix_diag {
  thimble_dim batches, rows, columns;
  thimble_dim width;  // bytes of an element
} thimble_matrix_diag;

namespace thimble {

struct MatrixDiagAttrs {
  template <class V>
  void fields(V&) {}
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_matrix_diag& p) {
  v.number("batches", p.batches);
  v.number("rows", p.rows);
  v.number("columns", p.columns);
  v.number("width", p.width);
}
