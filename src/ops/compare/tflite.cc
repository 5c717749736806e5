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
            THIMBLE_TRY(ctx.lacks({DType::f64, DType::u64}));
            const DType type = ctx.in(0).type;
            constexpr int kInt16 = kOp == Op::equal                              ? 5
                                   : kOp == Op::not_equal                        ? 4
                                   : kOp == Op::less || kOp == Op::greater_equal ? 3
                                                                                 : 1;
            ctx.builtin = kCode;
            ctx.version = type == DType::i16 ? kInt16 : type == DType::i8 ? 2 : 1;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace

// EQUAL 71, NOT_EQUAL 72, GREATER 61, GREATER_EQUAL 62, LESS 58, LESS_EQUAL 63; their tables (union tags 53, 54, 44,
// 45, 41, 46) have no fields.
tflite::TfliteRule compare(Op op) {
  switch (op) {
    case Op::equal: return rule<Op::equal, 71, 53>();
    case Op::not_equal: return rule<Op::not_equal, 72, 54>();
    case Op::greater: return rule<Op::greater, 61, 44>();
    case Op::greater_equal: return rule<Op::greater_equal, 62, 45>();
    case Op::less: return rule<Op::less, 58, 41>();
    default: return rule<Op::less_equal, 63, 46>();
  }
}

}  // namespace thimble::tflite_rule
