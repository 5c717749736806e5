#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {

// RANGE 96 (RangeOptions, union tag 73), without fields.
tflite::TfliteRule range(Op) { return tflite::fieldless_rule<Op::range, 96, 73>(); }

}  // namespace thimble::tflite_rule
