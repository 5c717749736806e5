#include "micro/emit.h"
#include "ops/unary/unary.h"

namespace thimble::emit_c {

// Bytes are looked up whatever the function; floats have a loop each, gelu one for each of its two forms.
Status unary(micro::EmitContext& ctx) {
  if (ctx.in(0).type != DType::f32) return ctx.usual("unary", 1);
  const bool by_tanh = unary_fn(ctx.node.op, ctx.node.attrs.as<UnaryAttrs>()) == UnaryFn::gelu_tanh;
  return ctx.usual("unary", 1, by_tanh ? "gelu_tanh" : name(ctx.node.op));
}

}  // namespace thimble::emit_c
