#include "formats/tflite/rule.h"
#include "ops/nd_index/nd_index.h"

namespace thimble::tflite_rule {
namespace {

template <Op kOp>
Status read(tflite::ReadContext& ctx) {
  ctx.node.op = kOp;
  ctx.node.attrs = NdIndexAttrs{};
  return {};
}

Status write_gather(tflite::WriteContext& ctx) {
  const DType type = ctx.in(0).type;
  ctx.builtin = 107;
  ctx.version = type == DType::boolean ? 5 : ctx.in(1).type == DType::i16 ? 4 : type == DType::i16 ? 3 : 1;
  ctx.options_table([](tflite::TableWriter&) {});
  return {};
}

Status write_scatter(tflite::WriteContext& ctx) {
  if (ctx.in(0).type != DType::i32)
    return fail(ErrorCode::unsupported, format("SCATTER_ND takes int32 indices, not {}", name(ctx.in(0).type)));
  ctx.builtin = 122;
  ctx.options_table([](tflite::TableWriter&) {});
  return {};
}

}  // namespace

// GATHER_ND 107 (GatherNdOptions, union tag 83) and SCATTER_ND 122 (ScatterNdOptions, 97): no fields.
tflite::TfliteRule nd_index(Op op) {
  if (op == Op::gather_nd) return {{{107, 83}}, read<Op::gather_nd>, write_gather};
  return {{{122, 97}}, read<Op::scatter_nd>, write_scatter};
}

}  // namespace thimble::tflite_rule
