#include "formats/tflite/rule.h"
#include "ops/matrix_diag/matrix_diag.h"

namespace thimble::tflite_rule {
namespace {

template <Op kOp, int kCode, int kTag>
tflite::TfliteRule rule() {
  return {{{kCode, kTag}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = kOp;
            ctx.node.attrs = MatrixDiagAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = kCode;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace

// MATRIX_DIAG 113 (MatrixDiagOptions, union tag 88) and MATRIX_SET_DIAG 115 (MatrixSetDiagOptions, 90): no fields.
tflite::TfliteRule matrix_diag(Op op) {
  return op == Op::matrix_diag ? rule<Op::matrix_diag, 113, 88>() : rule<Op::matrix_set_diag, 115, 90>();
}

}  // namespace thimble::tflite_rule
