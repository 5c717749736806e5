#include "ops/bitcast/bitcast.h"

namespace thimble::infer {

Status bitcast(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  const Tensor& x = ctx.in(0);
  const DType to = ctx.declared(0).type;
  const int64_t from_bits = bits(x.type), to_bits = bits(to);
  if (from_bits % 8 != 0 || to_bits % 8 != 0)
    return fail(ErrorCode::unsupported, format("no bitcast of {} to {}", x.to_string(), name(to)));
  Shape shape = x.shape;
  if (from_bits > to_bits) {
    if (shape.rank() == Shape::kMaxRank)
      return fail(ErrorCode::unsupported,
                  format("{} as {} has more than {} dimensions", x.to_string(), name(to), Shape::kMaxRank));
    shape.push_back(from_bits / to_bits);
    THIMBLE_ASSIGN(shape, Shape::make(shape.dims()));
  } else if (from_bits < to_bits) {
    if (shape.rank() == 0 || shape.dim(-1) != to_bits / from_bits)
      return fail(ErrorCode::bad_file, format("the last axis of {} must be {} long to become {}", x.to_string(),
                                              to_bits / from_bits, name(to)));
    shape = Shape();
    for (int d = 0; d + 1 < x.shape.rank(); ++d) shape.push_back(x.shape[d]);
  }
  ctx.outputs[0] = {to, shape};
  ctx.output_is_input = true;
  ctx.plan.make<thimble_bitcast>().bytes = x.bytes();
  return {};
}

}  // namespace thimble::infer
