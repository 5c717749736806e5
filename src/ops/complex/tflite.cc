#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {

// REAL 134, IMAG 133, COMPLEX_ABS 135, without options.
tflite::TfliteRule complex(Op op) {
  return op == Op::real   ? tflite::fieldless_rule<Op::real, 134, 0>()
         : op == Op::imag ? tflite::fieldless_rule<Op::imag, 133, 0>()
                          : tflite::fieldless_rule<Op::complex_abs, 135, 0>();
}

}  // namespace thimble::tflite_rule
