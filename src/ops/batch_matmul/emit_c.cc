#include "micro/emit.h"
#include "ops/batch_matmul/batch_matmul.h"

namespace thimble::emit_c {

Status batch_matmul(micro::EmitContext& ctx) {
  if (ctx.out().type != ctx.in(0).type)
    return ctx.unsupported("no C for int32 sums of int8", "let the operator give int8");
  if (ctx.in(0).constant() || ctx.in(1).constant()) ctx.not_on_avr("a constant matrix");
  return ctx.usual("batch_matmul", 2);
}

}  // namespace thimble::emit_c
