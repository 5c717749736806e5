#include "formats/tflite/rule.h"
#include "ops/pool2d/pool2d.h"

namespace thimble::tflite_rule {
namespace {

int code_of(Op op) { return op == Op::max_pool ? 17 : op == Op::l2_pool ? 12 : 1; }

// Pool2DOptions (union tag 5): 0 padding, 1 stride_w, 2 stride_h, 3 filter_w, 4 filter_h,
// 5 fused_activation.
Status read(tflite::ReadContext& ctx) {
  Pool2dAttrs attrs;
  attrs.padding = ctx.options.enumeration(0, Padding::same, 2);
  attrs.stride_w = ctx.options.scalar<int32_t>(1, 0);
  attrs.stride_h = ctx.options.scalar<int32_t>(2, 0);
  attrs.filter_w = ctx.options.scalar<int32_t>(3, 0);
  attrs.filter_h = ctx.options.scalar<int32_t>(4, 0);
  attrs.activation = ctx.options.enumeration(5, Activation::none, 6);
  ctx.node.op = ctx.builtin == 17 ? Op::max_pool : ctx.builtin == 12 ? Op::l2_pool : Op::average_pool;
  ctx.node.attrs = attrs;
  return {};
}

Status write(tflite::WriteContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<Pool2dAttrs>();
  ctx.builtin = code_of(ctx.node.op);
  ctx.version = ctx.in(0).type == DType::i16 ? 3 : ctx.in(0).type == DType::i8 ? 2 : 1;
  ctx.options_table([&](tflite::TableWriter& t) {
    t.scalar<int8_t>(0, static_cast<int8_t>(attrs.padding), 0);
    t.scalar<int32_t>(1, attrs.stride_w, 0);
    t.scalar<int32_t>(2, attrs.stride_h, 0);
    t.scalar<int32_t>(3, attrs.filter_w, 0);
    t.scalar<int32_t>(4, attrs.filter_h, 0);
    t.scalar<int8_t>(5, static_cast<int8_t>(attrs.activation), 0);
  });
  return {};
}

}  // namespace

tflite::TfliteRule pool2d(Op op) { return {{{code_of(op), 5}}, read, write}; }

}  // namespace thimble::tflite_rule
