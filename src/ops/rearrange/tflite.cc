#include "formats/tflite/rule.h"
#include "ops/rearrange/rearrange.h"

namespace thimble::tflite_rule {
namespace {

using tflite::ReadContext;
using tflite::WriteContext;

template <Op kOp>
Status read_plain(ReadContext& ctx) {
  ctx.node.op = kOp;
  ctx.node.attrs = RearrangeAttrs{};
  return {};
}

// Options without fields, and a version by type, or by rank.
template <int kCode, int kBool, int kInt16, int kInt8, int kRank3>
Status write_plain(WriteContext& ctx) {
  const Tensor& x = ctx.in(0);
  ctx.builtin = kCode;
  ctx.version = x.type == DType::i16                 ? kInt16
                : kRank3 != 1 && x.shape.rank() != 4 ? kRank3
                : x.type == DType::i8                ? kInt8
                : x.type == DType::boolean           ? kBool
                                                     : 1;
  ctx.options_table([](tflite::TableWriter&) {});
  return {};
}

// SpaceToDepthOptions and DepthToSpaceOptions: 0 block_size.
template <Op kOp>
Status read_block(ReadContext& ctx) {
  ctx.node.op = kOp;
  ctx.node.attrs = BlockAttrs{ctx.options.scalar<int32_t>(0, 0)};
  return {};
}
template <int kCode>
Status write_block(WriteContext& ctx) {
  ctx.builtin = kCode;
  ctx.version = ctx.in(0).type == DType::i8 ? 2 : 1;
  ctx.options_table([&](tflite::TableWriter& t) { t.scalar<int32_t>(0, ctx.node.attrs.as<BlockAttrs>().block, 0); });
  return {};
}

// MirrorPadOptions: 0 mode (0 reflect, 1 symmetric).
Status read_mirror_pad(ReadContext& ctx) {
  const auto mode = ctx.options.scalar<int8_t>(0, 0);
  if (mode != 0 && mode != 1) return fail(ErrorCode::bad_file, format("mode {} of padding", mode));
  ctx.node.op = Op::mirror_pad;
  ctx.node.attrs = MirrorPadAttrs{mode == 1};
  return {};
}
Status write_mirror_pad(WriteContext& ctx) {
  const DType type = ctx.in(0).type;
  ctx.builtin = 100;
  ctx.version = type == DType::i16 ? 3 : type == DType::i8 ? 2 : 1;
  ctx.options_table(
      [&](tflite::TableWriter& t) { t.scalar<int8_t>(0, ctx.node.attrs.as<MirrorPadAttrs>().symmetric, 0); });
  return {};
}

// ResizeNearestNeighborOptions: 0 align_corners, 1 half_pixel_centers.
Status read_nearest(ReadContext& ctx) {
  ctx.node.op = Op::resize_nearest_neighbor;
  ctx.node.attrs = ResizeAttrs{ctx.options.scalar<uint8_t>(0, 0) != 0, ctx.options.scalar<uint8_t>(1, 0) != 0};
  return {};
}
Status write_nearest(WriteContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<ResizeAttrs>();
  const DType type = ctx.in(0).type;
  ctx.builtin = 97;
  ctx.version = type == DType::i16                                ? 4
                : attrs.half_pixel_centers || attrs.align_corners ? 3
                : type == DType::i8                               ? 2
                                                                  : 1;
  ctx.options_table([&](tflite::TableWriter& t) {
    t.scalar<uint8_t>(0, attrs.align_corners, 0);
    t.scalar<uint8_t>(1, attrs.half_pixel_centers, 0);
  });
  return {};
}

}  // namespace

tflite::TfliteRule rearrange(Op op) {
  switch (op) {
    case Op::space_to_depth: return {{{26, 19}}, read_block<Op::space_to_depth>, write_block<26>};
    case Op::depth_to_space: return {{{5, 94}}, read_block<Op::depth_to_space>, write_block<5>};
    case Op::space_to_batch_nd: return {{{38, 25}}, read_plain<Op::space_to_batch_nd>, write_plain<38, 1, 4, 2, 3>};
    case Op::batch_to_space_nd: return {{{37, 24}}, read_plain<Op::batch_to_space_nd>, write_plain<37, 1, 4, 2, 3>};
    case Op::mirror_pad: return {{{100, 77}}, read_mirror_pad, write_mirror_pad};
    case Op::tile: return {{{69, 51}}, read_plain<Op::tile>, write_plain<69, 1, 1, 3, 1>};
    case Op::reverse: return {{{105, 81}}, read_plain<Op::reverse>, write_plain<105, 2, 1, 3, 1>};
    default: return {{{97, 74}}, read_nearest, write_nearest};
  }
}

}  // namespace thimble::tflite_rule
