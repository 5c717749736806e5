#include "train/grad.h"
#include "ops/conv2d/conv2d.h"
#include "ops/transpose/transpose.h"
#include "ops/transpose_conv/transpose_conv.h"

namespace thimble::gradient {
namespace {

using namespace transpose_conv_input;

// The first and the last of four axes exchanged: weights as a convolution from y to x has them, and back.
Result<TensorId> exchanged(GradContext& ctx, TensorId t, const std::string& name) {
  const int32_t order[] = {3, 1, 2, 0};
  const TensorId axes = ctx.builder.constant_i32(name + "/axes", order);
  return ctx.builder.op(Op::transpose, {t, axes}, TransposeAttrs{}, name);
}

}  // namespace

// The operator is the gradient of a convolution by its input; so dx is that convolution of dy, dw its gradient by the
// weights with x and dy in each other's place.
Status transpose_conv(GradContext& ctx) {
  Builder& b = ctx.builder;
  const auto& attrs = ctx.node.attrs.as<TransposeConvAttrs>();
  THIMBLE_ASSIGN(const TensorId dy, activation_gradient(ctx, attrs.activation));
  const Conv2dAttrs conv{attrs.stride_h, attrs.stride_w, 1, 1, attrs.padding, Activation::none};
  const std::string& name = ctx.node.name;
  if (ctx.needs(kX) || ctx.needs(kWeights)) {
    THIMBLE_ASSIGN(const TensorId w, exchanged(ctx, ctx.x(kWeights), name + "/weights"));
    if (ctx.needs(kX)) {
      THIMBLE_ASSIGN(ctx.input_grads[kX], b.op(Op::conv2d, {dy, w}, conv, name + "/dx"));
    }
    if (ctx.needs(kWeights)) {
      THIMBLE_ASSIGN(const TensorId dw,
                     b.op(Op::conv2d_grad_weights, {dy, ctx.x(kX), w}, conv, name + "/dw/exchanged"));
      THIMBLE_ASSIGN(ctx.input_grads[kWeights], exchanged(ctx, dw, name + "/dw"));
    }
  }
  if (ctx.has(kBias) && ctx.needs(kBias)) {
    THIMBLE_ASSIGN(ctx.input_grads[kBias], b.op(Op::bias_grad, {dy}, {}, name + "/db"));
  }
  return {};
}

}  // namespace thimble::gradient
