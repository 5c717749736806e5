#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {
namespace {

template <Op kOp, int kCode>
tflite::TfliteRule rule() {
  return {{{kCode, 0}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = kOp;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = kCode;
            return {};
          }};
}

}  // namespace

// REAL 134, IMAG 133, COMPLEX_ABS 135, without options.
tflite::TfliteRule complex(Op op) {
  return op == Op::real ? rule<Op::real, 134>() : op == Op::imag ? rule<Op::imag, 133>() : rule<Op::complex_abs, 135>();
}

}  // namespace thimble::tflite_rule
