#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {
namespace {

template <Op kOp, int kCode, int kTag>
tflite::TfliteRule of_bits() {
  tflite::TfliteRule rule = tflite::fieldless_rule<kOp, kCode, kTag>();
  rule.write = [](tflite::WriteContext& ctx) -> Status {
    THIMBLE_TRY(ctx.lacks({DType::i64, DType::u64}));
    return tflite::fieldless_rule<kOp, kCode, kTag>().write(ctx);
  };
  return rule;
}

}  // namespace

// LOGICAL_AND 86, LOGICAL_OR 84, LOGICAL_NOT 87, BITWISE_XOR 160, RIGHT_SHIFT 161; their tables (union tags 62, 60, 63,
// 125, 126) have no fields.
tflite::TfliteRule logic(Op op) {
  switch (op) {
    case Op::logical_and: return tflite::fieldless_rule<Op::logical_and, 86, 62>();
    case Op::logical_or: return tflite::fieldless_rule<Op::logical_or, 84, 60>();
    case Op::logical_not: return tflite::fieldless_rule<Op::logical_not, 87, 63>();
    case Op::bitwise_xor: return of_bits<Op::bitwise_xor, 160, 125>();
    default: return of_bits<Op::right_shift, 161, 126>();
  }
}

}  // namespace thimble::tflite_rule
