#include "micro/emit.h"
#include "ops/unary/unary.h"

namespace thimble::emit_c {

// Bytes are looked up, whatever the function.
Status unary(micro::EmitContext& ctx) {
  if (ctx.in(0).type == DType::i8) return ctx.usual("unary", 1);
  const UnaryFn fn = unary_fn(ctx.node.op, ctx.node.attrs.as<UnaryAttrs>());
  return ctx.usual("unary", fn == UnaryFn::gelu_tanh ? "gelu_tanh" : name(ctx.node.op), 1);
}

}  // namespace thimble::emit_c
