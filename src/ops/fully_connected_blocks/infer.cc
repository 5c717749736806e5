#include <cmath>

#include "base/half.h"
#include "base/numbers.h"
#include "ops/fully_connected_blocks/fully_connected_blocks.h"
#include "ops/weighted.h"
#include "ops/window.h"

namespace thimble::infer {

using namespace blocks_input;

namespace {

Status check_scales(const Tensor& scales) {
  const auto fine = [&](float s) -> Status {
    if (std::isfinite(s)) return {};
    return fail(ErrorCode::bad_file, format("{}: a scale is {}", scales.to_string(), s));
  };
  if (scales.type == DType::f32)
    for (const float s : scales.data.as<float>()) THIMBLE_TRY(fine(s));
  else
    for (const uint16_t s : scales.data.as<uint16_t>()) THIMBLE_TRY(fine(half_to_float(s)));
  return {};
}

}  // namespace

Status fully_connected_blocks(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(4, 4, 1, 2));
  THIMBLE_TRY(ctx.expect_attrs<FullyConnectedBlocksAttrs>());
  const auto& attrs = ctx.node.attrs.as<FullyConnectedBlocksAttrs>();
  if (!ctx.has(kScales)) return fail(ErrorCode::bad_file, "the scales of the weights are left out");
  if (ctx.in(kX).type != DType::f32)
    return fail(ErrorCode::unsupported,
                format("no kernel for input {} with weights that have a scale per block", ctx.in(kX).to_string()),
                "float32 is supported");
  THIMBLE_TRY(ctx.expect_type(kWeights, {DType::i4, DType::i8}));
  THIMBLE_TRY(ctx.expect_type(kScales, {DType::f16, DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(kX, 1, Shape::kMaxRank));
  THIMBLE_TRY(ctx.expect_rank(kWeights, 2, 2));
  THIMBLE_TRY(expect_clamp_activation(attrs.activation));
  const Tensor &x = ctx.in(kX), &w = ctx.in(kWeights), &scales = ctx.in(kScales);
  if (!w.constant() || !scales.constant())
    return fail(ErrorCode::unsupported,
                format("weights {} or scales {} that are no constants", w.to_string(), scales.to_string()));
  THIMBLE_TRY(infer_dense(ctx, attrs.keep_num_dims));
  const int64_t outputs = w.shape[0], inputs = w.shape[1];
  const int64_t count = scales.shape.elements(), blocks = count / outputs;
  if (count < 1 || count % outputs != 0 || inputs % blocks != 0)
    return fail(ErrorCode::bad_file, format("{} are no scales of blocks of {}", scales.to_string(), w.to_string()));
  THIMBLE_TRY(check_scales(scales));
  if (ctx.has(kBias) && (ctx.in(kBias).type != DType::f32 || ctx.in(kBias).shape.elements() != outputs))
    return fail(ErrorCode::bad_file, format("bias {} must hold {} float32", ctx.in(kBias).to_string(), outputs));
  ctx.outputs[0].type = DType::f32;
  ctx.scratch_bytes = inputs;  // one quantised row of x
  auto& p = ctx.plan.make<thimble_fully_connected_blocks>();
  p.batch = static_cast<thimble_dim>(x.shape.elements() / inputs);
  p.inputs = static_cast<thimble_dim>(inputs);
  p.outputs = static_cast<thimble_dim>(outputs);
  p.blocks = static_cast<thimble_dim>(blocks);
  activation_range(attrs.activation, &p.range.lo, &p.range.hi);
  return {};
}

}  // namespace thimble::infer
