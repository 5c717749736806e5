#include "micro/emit.h"

namespace thimble::emit_c {
namespace {

constexpr const char* kFix = "int8 and float32 have C: quantise the model to int8";

// The loops read x where variables are.
void expect_computed(micro::EmitContext& ctx) {
  if (ctx.in(0).constant()) ctx.not_on_avr("a constant changes its type while it runs");
}

}  // namespace

Status quantize(micro::EmitContext& ctx) {
  const DType from = ctx.in(0).type, to = ctx.out().type;
  const char* function = from == DType::f32 && to == DType::i8   ? "thimble_quantize_f32_s8"
                         : from == DType::i8 && to == DType::i8  ? "thimble_quantize_s8_s8"
                         : from == DType::u8 && to == DType::i8  ? "thimble_quantize_u8_s8"
                         : from == DType::i8 && to == DType::u8  ? "thimble_quantize_s8_u8"
                         : from == DType::u8 && to == DType::u8  ? "thimble_quantize_u8_u8"
                         : from == DType::f32 && to == DType::u8 ? "thimble_quantize_f32_u8"
                                                                 : nullptr;
  if (!function) return ctx.unsupported(format("no C from {} to {}", name(from), name(to)), kFix);
  expect_computed(ctx);
  ctx.call(micro::kernel("quantize"), function, {ctx.plan("thimble_quantize"), ctx.operand(0), ctx.result()});
  return {};
}

Status dequantize(micro::EmitContext& ctx) {
  const DType from = ctx.in(0).type;
  if (from != DType::i8 && from != DType::u8) return ctx.unsupported(format("no C from {}", name(from)), kFix);
  expect_computed(ctx);
  ctx.call(micro::kernel("quantize"), from == DType::i8 ? "thimble_dequantize_s8_f32" : "thimble_dequantize_u8_f32",
           {ctx.plan("thimble_dequantize"), ctx.operand(0), ctx.result()});
  return {};
}

Status cast(micro::EmitContext& ctx) {
  const auto word = [](DType type) -> const char* {
    switch (type) {
      case DType::f32: return "f32";
      case DType::i8: return "i8";
      case DType::i32: return "i32";
      case DType::boolean: return "boolean";
      default: return nullptr;
    }
  };
  const char *from = word(ctx.in(0).type), *to = word(ctx.out().type);
  if (!from || !to || ctx.in(0).type == ctx.out().type)
    return ctx.unsupported(format("no C from {} to {}", name(ctx.in(0).type), name(ctx.out().type)), kFix);
  expect_computed(ctx);
  ctx.call(micro::kernel("quantize"), format("thimble_cast_{}_{}", from, to),
           {ctx.plan("thimble_cast"), ctx.operand(0), ctx.result()});
  return {};
}

}  // namespace thimble::emit_c
