#include <algorithm>

#include "ops/axes.h"
#include "ops/index_list.h"
#include "ops/reverse_sequence/reverse_sequence.h"

namespace thimble::infer {

Status reverse_sequence(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<ReverseSequenceAttrs>());
  THIMBLE_TRY(ctx.expect_type(1, {DType::i32, DType::i64}));
  THIMBLE_TRY(ctx.expect_rank(1, 1, 1));
  const Tensor &x = ctx.in(0), &lengths = ctx.in(1);
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no reversing of {}", name(x.type)));
  const auto& attrs = ctx.node.attrs.as<ReverseSequenceAttrs>();
  THIMBLE_ASSIGN(const int axis, axis_of(attrs.axis, x.shape.rank()));
  THIMBLE_ASSIGN(const int batch, axis_of(attrs.batch_axis, x.shape.rank()));
  if (axis == batch) return fail(ErrorCode::bad_file, format("axis {} is the batch too", axis));
  if (lengths.shape[0] != x.shape[batch])
    return fail(ErrorCode::bad_file, format("lengths {} for axis {} of {}", lengths.to_string(), batch, x.to_string()));
  THIMBLE_TRY(expect_inside(lengths, [&](int64_t) { return x.shape[axis] + 1; }));
  ctx.outputs[0] = {x.type, x.shape};
  const int low = std::min(axis, batch), high = std::max(axis, batch);
  auto& p = ctx.plan.make<thimble_reverse_sequence>();
  p.outer = static_cast<thimble_dim>(x.shape.elements(0, low));
  p.first = static_cast<thimble_dim>(x.shape[low]);
  p.middle = static_cast<thimble_dim>(x.shape.elements(low + 1, high));
  p.second = static_cast<thimble_dim>(x.shape[high]);
  p.bytes = static_cast<thimble_dim>(x.shape.elements(high + 1, x.shape.rank()) * bits(x.type) / 8);
  p.batch_first = batch < axis;
  return {};
}

}  // namespace thimble::infer
