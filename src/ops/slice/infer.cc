#include "ops/op.h"
#include "ops/slice/slice.h"

namespace thimble::infer {
namespace {

// The constant operands from input 1 on, as the kernels will read them.
Status any_slice(InferContext& ctx, int operands) {
  THIMBLE_TRY(ctx.expect_arity(1 + operands, 1 + operands, 1));
  const Tensor& x = ctx.in(0);
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no slices of {}", name(x.type)));
  std::array<IntList, 3> lists;
  for (int i = 0; i < operands; ++i) {
    THIMBLE_TRY(ctx.expect_rank(1 + i, 1, 1));
    THIMBLE_ASSIGN(const std::vector<int64_t> values, ctx.constant_ints(1 + i));
    if (values.size() > IntList::kMax)
      return fail(ErrorCode::bad_file, format("{} has more than {} entries", ctx.in(1 + i).to_string(), IntList::kMax));
    lists[static_cast<size_t>(i)] = IntList(DType::i64, values.data(), static_cast<int64_t>(values.size()));
  }
  THIMBLE_ASSIGN(const SliceBox box, slice_box(ctx.node, x.shape, lists));
  ctx.outputs[0] = {x.type, box.shape};
  ctx.plan.make<thimble_slice>().copy = plan_slice(box, x.shape, bits(x.type) / 8, false);
  return {};
}

}  // namespace

Status slice(InferContext& ctx) {
  if (ctx.node.op == Op::slice) return any_slice(ctx, 2);
  THIMBLE_TRY(ctx.expect_attrs<StridedSliceAttrs>());
  return any_slice(ctx, 3);
}

Status slice_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_attrs<SliceGradAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  const auto& attrs = ctx.node.attrs.as<SliceGradAttrs>();
  THIMBLE_ASSIGN(const Shape shape, Shape::make(std::span<const int64_t>(attrs.shape)));
  const size_t rank = attrs.shape.size();
  if (attrs.begin.size() != rank || attrs.stride.size() != rank || attrs.count.size() != rank)
    return fail(ErrorCode::internal, "begin, stride and count must have an entry per dimension");
  int64_t elements = 1;
  for (size_t d = 0; d < rank; ++d) {
    const int64_t last = attrs.begin[d] + (attrs.count[d] - 1) * attrs.stride[d];
    elements *= attrs.count[d];
    if (attrs.count[d] > 0 && (attrs.begin[d] < 0 || attrs.begin[d] >= attrs.shape[d] || last < 0 ||
                               last >= attrs.shape[d] || attrs.stride[d] == 0))
      return fail(ErrorCode::internal, format("dimension {}: {} elements from {} by {} do not lie in {}", d,
                                              attrs.count[d], attrs.begin[d], attrs.stride[d], attrs.shape[d]));
  }
  if (elements != ctx.in(0).shape.elements())
    return fail(ErrorCode::internal, format("{} does not hold {} elements", ctx.in(0).to_string(), elements));
  ctx.outputs[0] = {DType::f32, shape};
  ctx.plan.make<thimble_slice>().copy = plan_slice(slice_box(attrs), shape, 4, true);
  return {};
}

}  // namespace thimble::infer
