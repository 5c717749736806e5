#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {

// LOGICAL_AND 86, LOGICAL_OR 84, LOGICAL_NOT 87, BITWISE_XOR 160, RIGHT_SHIFT 161; their tables (union tags 62, 60, 63,
// 125, 126) have no fields.
tflite::TfliteRule logic(Op op) {
  switch (op) {
    case Op::logical_and: return tflite::fieldless_rule<Op::logical_and, 86, 62>();
    case Op::logical_or: return tflite::fieldless_rule<Op::logical_or, 84, 60>();
    case Op::logical_not: return tflite::fieldless_rule<Op::logical_not, 87, 63>();
    case Op::bitwise_xor: return tflite::fieldless_rule<Op::bitwise_xor, 160, 125>();
    default: return tflite::fieldless_rule<Op::right_shift, 161, 126>();
  }
}

}  // namespace thimble::tflite_rule
