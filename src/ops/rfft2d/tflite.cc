#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {

// RFFT2D 131, Rfft2dOptions (union tag 105), without fields.
tflite::TfliteRule rfft2d(Op) { return tflite::fieldless_rule<Op::rfft2d, 131, 105>(); }

}  // namespace thimble::tflite_rule
