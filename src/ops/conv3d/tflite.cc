#include "formats/tflite/rule.h"
#include "ops/conv3d/conv3d.h"

namespace thimble::tflite_rule {
namespace {

// Conv3DOptions (union tag 106), of both operators: 0 padding, 1 stride_d, 2 stride_w, 3 stride_h, 4 fused_activation,
// 5 dilation_d, 6 dilation_w, 7 dilation_h. CONV_3D_TRANSPOSE's inputs are shape, weights, x, bias.
Status read(tflite::ReadContext& ctx) {
  Conv3dAttrs a;
  a.padding = ctx.options.enumeration(0, Padding::same, 2);
  a.stride_d = ctx.options.scalar<int32_t>(1, 0);
  a.stride_w = ctx.options.scalar<int32_t>(2, 0);
  a.stride_h = ctx.options.scalar<int32_t>(3, 0);
  a.activation = ctx.options.enumeration(4, Activation::none, 6);
  a.dilation_d = ctx.options.scalar<int32_t>(5, 1);
  a.dilation_w = ctx.options.scalar<int32_t>(6, 1);
  a.dilation_h = ctx.options.scalar<int32_t>(7, 1);
  ctx.node.attrs = a;
  ctx.node.op = ctx.builtin == 141 ? Op::conv3d_transpose : Op::conv3d;
  if (ctx.builtin != 141) return {};
  auto& in = ctx.node.inputs;
  if (in.size() < 3 || in.size() > 4)
    return fail(ErrorCode::bad_file, format("takes 3 to 4 inputs, has {}", in.size()));
  in = {in[2], in[1], in.size() > 3 ? in[3] : kNoTensor, in[0]};
  return {};
}

Status write(tflite::WriteContext& ctx) {
  const auto& a = ctx.node.attrs.as<Conv3dAttrs>();
  const bool transposed = ctx.node.op == Op::conv3d_transpose;
  ctx.builtin = transposed ? 141 : 132;
  ctx.version = 1;
  const auto& from = ctx.node.inputs;
  if (transposed) ctx.inputs = {from[3], from[1], from[0]};
  if (transposed && ctx.has(2)) ctx.inputs.push_back(from[2]);
  ctx.options_table([&](tflite::TableWriter& t) {
    t.scalar<int8_t>(0, static_cast<int8_t>(a.padding), 0);
    t.scalar<int32_t>(1, a.stride_d, 0);
    t.scalar<int32_t>(2, a.stride_w, 0);
    t.scalar<int32_t>(3, a.stride_h, 0);
    t.scalar<int8_t>(4, static_cast<int8_t>(a.activation), 0);
    t.scalar<int32_t>(5, a.dilation_d, 1);
    t.scalar<int32_t>(6, a.dilation_w, 1);
    t.scalar<int32_t>(7, a.dilation_h, 1);
  });
  return {};
}

}  // namespace

tflite::TfliteRule conv3d(Op op) { return {{{op == Op::conv3d ? 132 : 141, 106}}, read, write}; }

}  // namespace thimble::tflite_rule
