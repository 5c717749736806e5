#include "micro/emit.h"
#include "ops/arg_max/arg_max.h"

namespace thimble::emit_c {

// Of float32, int8 and uint8.
Status arg_max(micro::EmitContext& ctx) {
  const DType type = ctx.in(0).type;
  if (type != DType::f32 && type != DType::i8 && type != DType::u8)
    return ctx.unsupported(format("no C for {}", name(type)), "int8, uint8 and float32 have C");
  if (ctx.in(0).constant()) ctx.not_on_avr("a constant operand of " + std::string(name(ctx.node.op)));
  const bool wide = ctx.node.attrs.as<ArgMaxAttrs>().wide;
  ctx.call(micro::kernel("arg_max"), format("thimble_{}_{}", name(ctx.node.op), type == DType::f32 ? "f32" : "bytes"),
           {ctx.plan("thimble_arg_max"), type == DType::u8 ? "(const int8_t *)" + ctx.operand(0) : ctx.operand(0),
            type == DType::u8 ? "0x80" : "0", wide ? "NULL" : ctx.result(), wide ? ctx.result() : "NULL"});
  return {};
}

}  // namespace thimble::emit_c
