#include "micro/emit.h"

namespace thimble::emit_c {

Status compare(micro::EmitContext& ctx) {
  const DType type = ctx.in(0).type;
  const bool bytes = type == DType::i8 || type == DType::u8;
  if (!bytes && type != DType::f32)
    return ctx.unsupported(format("no C for {}", name(type)), "int8, uint8 and float32 have C");
  std::vector<std::string> arguments = {ctx.plan("thimble_compare")};
  for (size_t i = 0; i < 2; ++i)
    arguments.push_back(type == DType::u8 ? "(const int8_t *)" + ctx.operand(i) : ctx.operand(i));
  arguments.push_back(ctx.result());
  if (type == DType::u8) arguments.emplace_back("0x80");
  const char* form = type == DType::u8 ? "bytes" : bytes ? "s8" : "f32";
  ctx.call(micro::kernel("compare"), format("thimble_{}_{}", name(ctx.node.op), form), arguments);
  return {};
}

}  // namespace thimble::emit_c
