#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {
namespace {

template <Op kOp, int kCode, int kTag>
tflite::TfliteRule rule() {
  return {{{kCode, kTag}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = kOp;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            THIMBLE_TRY(ctx.lacks({DType::u64}));
            if (kOp != Op::atan2) THIMBLE_TRY(ctx.lacks({DType::f64}));
            if (kOp == Op::pow) THIMBLE_TRY(ctx.lacks({DType::i64}));
            const DType type = ctx.in(0).type;
            ctx.builtin = kCode;
            if (kOp == Op::floor_div) ctx.version = type == DType::f32 ? 2 : type == DType::i32 ? 1 : 3;
            if (kOp == Op::floor_mod) ctx.version = type == DType::i8 || type == DType::i16 ? 2 : 1;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace

// POW 78, FLOOR_DIV 90, FLOOR_MOD 95, ATAN2 156; their tables (union tags 56, 65, 72, 122) have no fields.
tflite::TfliteRule arithmetic(Op op) {
  switch (op) {
    case Op::pow: return rule<Op::pow, 78, 56>();
    case Op::floor_div: return rule<Op::floor_div, 90, 65>();
    case Op::floor_mod: return rule<Op::floor_mod, 95, 72>();
    default: return rule<Op::atan2, 156, 122>();
  }
}

}  // namespace thimble::tflite_rule
