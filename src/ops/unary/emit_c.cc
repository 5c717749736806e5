#include "micro/emit.h"
#include "ops/unary/unary.h"

namespace thimble::emit_c {

// Bytes are looked up whatever the function; floats have a loop each, gelu one for each of its two forms.
Status unary(micro::EmitContext& ctx) {
  if (ctx.in(0).type == DType::u8) {
    ctx.call(micro::kernel("unary"), "thimble_unary_s8",
             {ctx.plan("thimble_unary"), "(const int8_t *)" + ctx.operand(0), ctx.bytes_of(ctx.result())});
    return {};
  }
  if (ctx.in(0).type == DType::i8) return ctx.usual("unary", 1);
  const bool by_tanh = ctx.node.op == Op::gelu && ctx.node.attrs.as<UnaryAttrs>().approximate;
  return ctx.usual("unary", by_tanh ? "gelu_tanh" : name(ctx.node.op), 1);
}

}  // namespace thimble::emit_c
