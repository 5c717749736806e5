#include "formats/tflite/rule.h"
#include "formats/tflite/schema.h"
#include "ops/quantize/quantize.h"

namespace thimble::tflite_rule {

// QUANTIZE 114, QuantizeOptions (union tag 89): no fields.
tflite::TfliteRule quantize(Op) {
  return {{{114, 89}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::quantize;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 114;
            ctx.version = ctx.in(0).type == DType::f32 && ctx.out().type != DType::i16 ? 1 : 2;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

// DEQUANTIZE 6, DequantizeOptions (union tag 38): no fields.
tflite::TfliteRule dequantize(Op) {
  return {{{6, 38}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::dequantize;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 6;
            const DType type = ctx.in(0).type;
            ctx.version = type == DType::i4                          ? 6
                          : ctx.in(0).quant.per_axis()               ? 5
                          : type == DType::i16 || type == DType::f16 ? 3
                          : type == DType::i8                        ? 2
                                                                     : 1;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

// CAST 53, CastOptions (union tag 37): 0 in_data_type, 1 out_data_type (the tensors' types rule).
tflite::TfliteRule cast(Op) {
  return {{{53, 37}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::cast;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 53;
            const auto either = [&](DType t) { return ctx.in(0).type == t || ctx.out().type == t; };
            ctx.version = either(DType::bf16)                        ? 7
                          : either(DType::f64) || either(DType::f16) ? 5
                          : either(DType::u16)                       ? 4
                          : either(DType::i8)                        ? 3
                          : either(DType::u32)                       ? 2
                                                                     : 1;
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int8_t>(0, static_cast<int8_t>(schema::file_type(ctx.in(0).type)), 0);
              t.scalar<int8_t>(1, static_cast<int8_t>(schema::file_type(ctx.out().type)), 0);
            });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
