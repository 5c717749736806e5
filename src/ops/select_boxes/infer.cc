#include "ops/check.h"
#include "ops/select_boxes/select_boxes.h"

namespace thimble::infer {

Status select_boxes(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(5, 5, 1));
  THIMBLE_TRY(ctx.expect_attrs<SelectBoxesAttrs>());
  for (int i = 0; i < 5; ++i) THIMBLE_TRY(ctx.expect_type(i, {i == 2 ? DType::i64 : DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(0, 3, 3));
  THIMBLE_TRY(ctx.expect_rank(1, 3, 3));
  const Shape boxes = ctx.in(0).shape, scores = ctx.in(1).shape;
  if (boxes[2] != 4 || scores[0] != boxes[0] || scores[2] != boxes[1])
    return fail(ErrorCode::bad_file, format("boxes {} with scores {}", ctx.in(0).to_string(), ctx.in(1).to_string()));
  if (boxes[1] > INT32_MAX / 2) return fail(ErrorCode::unsupported, format("{} boxes", boxes[1]));
  for (int i = 2; i < 5; ++i)
    if (ctx.in(i).shape.elements() != 1)
      return fail(ErrorCode::bad_file, format("{} must be one number", ctx.in(i).to_string()));
  // Last those that a run computes, so that what is asked for first is what a file may hold.
  THIMBLE_ASSIGN(const std::vector<int64_t> most, ctx.constant_ints(2));
  THIMBLE_ASSIGN(const Tensor* overlap, ctx.constant(3));
  THIMBLE_ASSIGN(const Tensor* score, ctx.constant(4));
  const BoxLimits limits{most[0], overlap->data.as<float>()[0], score->data.as<float>()[0]};
  if (!(limits.overlap >= 0 && limits.overlap <= 1))
    return fail(ErrorCode::bad_file, format("an overlap of {}, which is not from 0 to 1", limits.overlap));
  THIMBLE_ASSIGN(const Tensor* places, ctx.constant(0));
  THIMBLE_ASSIGN(const Tensor* values, ctx.constant(1));
  auto& p = ctx.plan.make<thimble_select_boxes>();
  p.pictures = static_cast<thimble_dim>(scores[0]);
  p.classes = static_cast<thimble_dim>(scores[1]);
  p.boxes = static_cast<thimble_dim>(boxes[1]);
  p.centres = ctx.node.attrs.as<SelectBoxesAttrs>().centres;
  ctx.scratch_bytes = 2 * boxes[1] * static_cast<int64_t>(sizeof(int32_t));
  std::vector<int32_t> scratch(2 * static_cast<size_t>(boxes[1]));
  const int64_t taken = thimble::select_boxes(p, places->data.as<float>().data(), values->data.as<float>().data(),
                                              limits, scratch.data(), nullptr, 0);
  ctx.outputs[0] = {DType::i64, Shape{taken, 3}};
  return {};
}

}  // namespace thimble::infer
