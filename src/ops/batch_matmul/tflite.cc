#include "formats/tflite/rule.h"
#include "ops/batch_matmul/batch_matmul.h"

namespace thimble::tflite_rule {

// BATCH_MATMUL 126, BatchMatMulOptions (union tag 101): 0 adj_x, 1 adj_y, 2 asymmetric_quantize_inputs.
tflite::TfliteRule batch_matmul(Op) {
  return {{{126, 101}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::batch_matmul;
            ctx.node.attrs =
                BatchMatmulAttrs{ctx.options.scalar<uint8_t>(0, 0) != 0, ctx.options.scalar<uint8_t>(1, 0) != 0,
                                 ctx.options.scalar<uint8_t>(2, 0) != 0};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto& attrs = ctx.node.attrs.as<BatchMatmulAttrs>();
            const DType x = ctx.in(0).type;
            ctx.builtin = 126;
            ctx.version = x == DType::i16                                                   ? 3
                          : x == DType::i8                                                  ? 2
                          : ctx.in(1).type == DType::i8 && attrs.asymmetric_quantize_inputs ? 4
                                                                                            : 1;
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<uint8_t>(0, attrs.adj_x, 0);
              t.scalar<uint8_t>(1, attrs.adj_y, 0);
              t.scalar<uint8_t>(2, attrs.asymmetric_quantize_inputs, 0);
            });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
