#include <algorithm>
#include <bit>
#include <cmath>

#include "base/fixed_point.h"
#include "ops/broadcast.h"
#include "ops/reduce/reduce.h"

namespace thimble {

Shape kept_shape(const Shape& x, const IntList& axes) {
  Shape kept = x;
  for (int64_t a : axes.span()) kept.set(static_cast<int>(a < 0 ? a + x.rank() : a), 1);
  return kept;
}

namespace infer {
namespace {

// Neighbouring dimensions of one kind are one loop.
void plan_loops(const Shape& x, const bool* reduced, thimble_reduce* plan) {
  struct Group {
    int64_t size, stride;
    bool reduced;
  };
  std::array<Group, Shape::kMaxRank> groups{};  // innermost first
  size_t count = 0;
  int64_t stride = 1;
  for (int d = x.rank(); d-- > 0; stride *= x[d]) {
    if (x[d] == 1) continue;
    if (count > 0 && groups[count - 1].reduced == reduced[d]) {
      groups[count - 1].size *= x[d];
    } else {
      groups[count++] = {x[d], stride, reduced[d]};
    }
  }
  plan->kept.count = plan->reduced.count = plan->run = 1;
  for (size_t g = count; g-- > 0;) {
    const bool is_run = groups[g].reduced && (g == 0 || (g == 1 && !groups[0].reduced));
    if (is_run) {
      plan->run = groups[g].size;
      plan->run_stride = groups[g].stride;
      continue;
    }
    thimble_nest& nest = groups[g].reduced ? plan->reduced : plan->kept;
    nest.dims[nest.rank] = groups[g].size;
    nest.strides[nest.rank++] = groups[g].stride;
    nest.count *= groups[g].size;
  }
  plan->n = plan->reduced.count * plan->run;
}

// Of means, sums and products of integers with scales.
void plan_finish(Op op, const Tensor& x, const Tensor& y, int64_t n, thimble_reduce_finish* f) {
  f->x_zero = x.quant.zero_point[0];
  f->y_zero = y.quant.zero_point[0];
  f->lo = x.type == DType::u8 ? 0 : x.type == DType::i16 ? -32768 : -128;
  f->hi = x.type == DType::i16 ? 32767 : f->lo + 255;
  if (op == Op::reduce_prod) {  // each multiplication is scaled by the n-th part of what the product is
    const double scale = x.quant.scale[0],
                 root = std::pow(static_cast<double>(y.quant.scale[0]), 1.0 / static_cast<double>(n));
    return quantize_multiplier(scale / root, &f->multiplier, &f->shift);
  }
  if (op == Op::sum) {
    f->scale = x.quant.scale[0] / y.quant.scale[0];
    f->bias = static_cast<float>(-f->x_zero) * f->scale * static_cast<float>(n);
    return;
  }
  quantize_multiplier(static_cast<double>(x.quant.scale[0]) / static_cast<double>(y.quant.scale[0]), &f->multiplier,
                      &f->shift);
  if (n < 1) return;
  const int s = std::min({static_cast<int>(std::bit_width(static_cast<uint64_t>(n))) - 1, 32, 31 + f->shift});
  f->multiplier = static_cast<int32_t>(static_cast<int64_t>(f->multiplier) * (int64_t{1} << s) / n);
  f->shift -= s;
}

// Which types an operator reduces.
Status expect_types(const InferContext& ctx) {
  switch (ctx.node.op) {
    case Op::reduce_any:
    case Op::reduce_all: return ctx.expect_type(0, {DType::boolean});
    case Op::reduce_prod:
      return ctx.expect_type(0, {DType::f32, DType::i8, DType::i16, DType::i32, DType::i64, DType::f64});
    default:
      return ctx.expect_type(0, {DType::f32, DType::i8, DType::u8, DType::i16, DType::i32, DType::i64, DType::f64});
  }
}

// Means, sums and products of values with scales: their scales, and how many make up a result.
Status plan_scaled(InferContext& ctx, int64_t count, thimble_reduce* plan) {
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  const Op op = ctx.node.op;
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(x));
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(y));
  if (x.type == DType::i16 && (x.quant.zero_point[0] != 0 || y.quant.zero_point[0] != 0))
    return fail(ErrorCode::bad_file, format("{} and {} must have zero point 0", x.to_string(), y.to_string()));
  // Σ(q − zero point) of more does not fit 32 bits.
  if (count > (x.type == DType::i16 ? 65535 : int64_t{1} << 22))
    return fail(ErrorCode::unsupported, format("{} values of {} in one sum", count, name(x.type)));
  // Beyond it the float32 arithmetic of SUM has no number for a result.
  const float ratio = x.quant.scale[0] / y.quant.scale[0];
  if (op == Op::sum && !std::isfinite(ratio * (x.type == DType::i16 ? 65535.0f : 255.0f) * static_cast<float>(count)))
    return fail(ErrorCode::bad_file, format("scales {} and {} are too far apart", x.quant.scale[0], y.quant.scale[0]));
  if (op == Op::reduce_prod && count == 0)
    return fail(ErrorCode::unsupported, format("the product of no values of {}", x.to_string()));
  plan_finish(op, x, y, count, &plan->finish);
  if (op == Op::reduce_prod && (plan->finish.shift < -31 || plan->finish.shift > 7))
    return fail(ErrorCode::bad_file, format("scales {} and {} are too far apart", x.quant.scale[0], y.quant.scale[0]));
  return {};
}

}  // namespace

Status reduce(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<ReduceAttrs>());
  THIMBLE_TRY(expect_types(ctx));
  THIMBLE_TRY(ctx.expect_rank(1, 0, 1));
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  THIMBLE_ASSIGN(const std::vector<int64_t> axes, ctx.constant_ints(1));
  const bool keep = ctx.node.attrs.as<ReduceAttrs>().keep_dims;
  if (axes.size() > IntList::kMax) return fail(ErrorCode::unsupported, format("{} axes to reduce", axes.size()));
  bool reduced[Shape::kMaxRank] = {};  // an axis that is given twice counts once
  for (int64_t a : axes) {
    THIMBLE_ASSIGN(const int axis, axis_of(a, x.shape.rank()));
    reduced[axis] = true;
  }
  ctx.outputs[0].type = x.type;
  int64_t count = 1;
  for (int d = 0; d < x.shape.rank(); ++d) {
    if (reduced[d]) count *= x.shape[d];
    if (!reduced[d] || keep) ctx.outputs[0].shape.push_back(reduced[d] ? 1 : x.shape[d]);
  }
  auto& plan = ctx.plan.make<thimble_reduce>();
  plan_loops(x.shape, reduced, &plan);
  if (x.type != DType::i8 && x.type != DType::u8 && x.type != DType::i16) return {};
  if (y.type != x.type) return fail(ErrorCode::bad_file, format("output {} must be {}", y.to_string(), name(x.type)));
  const Op op = ctx.node.op;
  if (op == Op::mean || op == Op::sum || (op == Op::reduce_prod && !x.quant.empty()))
    return plan_scaled(ctx, count, &plan);
  if (x.quant.scale != y.quant.scale || x.quant.zero_point != y.quant.zero_point)
    return fail(ErrorCode::unsupported,
                format("{} and output {} differ in scale or zero point", x.to_string(), y.to_string()),
                "requantise the input first");
  return {};
}

Status broadcast_to_shape(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_attrs<BroadcastToShapeAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  THIMBLE_ASSIGN(const Shape shape,
                 Shape::make(std::span<const int64_t>(ctx.node.attrs.as<BroadcastToShapeAttrs>().shape)));
  THIMBLE_ASSIGN(const Shape both, broadcast_shape(ctx.in(0).shape, shape));
  if (!(both == shape))
    return fail(ErrorCode::internal, format("{} does not broadcast to {}", ctx.in(0).to_string(), shape.to_string()));
  ctx.outputs[0] = {DType::f32, shape};
  return {};
}

Status reduce_extremum_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  for (int i = 0; i < 3; ++i) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  const Shape &x = ctx.in(0).shape, &y = ctx.in(1).shape;
  THIMBLE_ASSIGN(const Shape both, broadcast_shape(x, y));
  if (!(both == x) || x.rank() != y.rank() || !(ctx.in(2).shape == y))
    return fail(ErrorCode::internal, format("{} and {} are not results of {}", ctx.in(1).to_string(),
                                            ctx.in(2).to_string(), ctx.in(0).to_string()));
  ctx.scratch_bytes = y.elements() * 4;
  ctx.outputs[0] = {DType::f32, x};
  return {};
}

}  // namespace infer
}  // namespace thimble
