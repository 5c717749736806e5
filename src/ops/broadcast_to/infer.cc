#include "ops/broadcast_to/broadcast_to.h"

namespace thimble::infer {

Status broadcast_to(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  const bool fills = ctx.node.op == Op::fill;
  const int sizes = fills ? 0 : 1, source = 1 - sizes;
  THIMBLE_TRY(ctx.expect_rank(sizes, 1, 1));
  if (fills) THIMBLE_TRY(ctx.expect_rank(source, 0, 0));
  const Tensor &x = ctx.in(source), &y = ctx.declared(0);
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no repeating of {}", name(x.type)));
  THIMBLE_ASSIGN(const std::vector<int64_t> dims, ctx.constant_ints(sizes));
  THIMBLE_ASSIGN(const Shape shape, Shape::make(std::span<const int64_t>(dims)));
  THIMBLE_ASSIGN(const Shape both, broadcast_shape(x.shape, shape));
  if (!(both == shape))
    return fail(ErrorCode::bad_file, format("{} does not broadcast to {}", x.to_string(), shape.to_string()));
  if (!x.quant.empty() && !y.quant.empty() &&
      (x.quant.scale != y.quant.scale || x.quant.zero_point != y.quant.zero_point))
    return fail(ErrorCode::unsupported,
                format("{} and output {} differ in scale or zero point", x.to_string(), y.to_string()),
                "requantise the input first");
  ctx.outputs[0] = {x.type, shape};
  auto& p = ctx.plan.make<thimble_broadcast_to>();
  p.broadcast = plan_broadcast(x.shape, shape, shape);
  p.source = source;
  p.width = static_cast<int>(bits(x.type) / 8);
  return {};
}

}  // namespace thimble::infer
