#include "formats/tflite/rule.h"
#include "ops/matrix_diag/matrix_diag.h"

namespace thimble::tflite_rule {

// MATRIX_DIAG 113 (MatrixDiagOptions, union tag 88) and MATRIX_SET_DIAG 115 (MatrixSetDiagOptions, 90): no fields.
tflite::TfliteRule matrix_diag(Op op) {
  return op == Op::matrix_diag ? tflite::fieldless_rule<Op::matrix_diag, 113, 88, MatrixDiagAttrs>()
                               : tflite::fieldless_rule<Op::matrix_set_diag, 115, 90, MatrixDiagAttrs>();
}

}  // namespace thimble::tflite_rule
