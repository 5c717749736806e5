#include "micro/emit.h"

namespace thimble::emit_c {

Status pad(micro::EmitContext& ctx) {
  std::string value = "NULL";
  if (ctx.has(2)) {
    if (!ctx.in(2).constant())
      return ctx.unsupported("the value that pads is not a constant", "fold it into the model");
    const auto bytes = ctx.in(2).data.as<uint8_t>();
    std::string list;
    for (const uint8_t b : bytes.first(static_cast<size_t>(bits(ctx.in(2).type) / 8)))
      list += (list.empty() ? "{" : ", ") + std::to_string(b);
    value = ctx.declare("value", "uint8_t", list + "}", static_cast<int64_t>(bits(ctx.in(2).type) / 8));
  }
  ctx.call(micro::kernel("pad"), "thimble_pad_elements",
           {ctx.plan("thimble_pad"), ctx.operand(0), value, ctx.result(), ctx.in(0).constant() ? "1" : "0"});
  return {};
}

}  // namespace thimble::emit_c
