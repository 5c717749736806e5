#include "micro/emit.h"

namespace thimble::emit_c {

Status resize_bilinear(micro::EmitContext& ctx) {
  const DType type = ctx.in(0).type;
  if (type != DType::i8 && type != DType::f32)
    return ctx.unsupported("no C for this type of images", "quantise the model to int8");
  if (ctx.in(0).constant()) return ctx.unsupported("images that are constants", "fold them into the model");
  ctx.call(micro::kernel("resize_bilinear"),
           type == DType::i8 ? "thimble_resize_bilinear_s8" : "thimble_resize_bilinear_f32",
           {ctx.plan("thimble_resize"), ctx.operand(0), ctx.result()});
  return {};
}

}  // namespace thimble::emit_c
