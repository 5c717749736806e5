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
            ctx.builtin = kCode;
            const DType type = ctx.in(kOp == Op::fill ? 1 : 0).type;
            ctx.version = kOp == Op::broadcast_to                   ? (type == DType::i8 || type == DType::i16 ? 3 : 2)
                          : type == DType::f16                      ? 4
                          : type == DType::i8 || type == DType::i16 ? 3
                          : type == DType::boolean                  ? 2
                                                                    : 1;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace

// BROADCAST_TO 130 (BroadcastToOptions, union tag 104) and FILL 94 (FillOptions, 68), without fields.
tflite::TfliteRule broadcast_to(Op op) {
  return op == Op::fill ? rule<Op::fill, 94, 68>() : rule<Op::broadcast_to, 130, 104>();
}

}  // namespace thimble::tflite_rule
