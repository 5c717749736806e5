#include <algorithm>
#include <cmath>

#include "base/fixed_point.h"
#include "base/numbers.h"
#include "ops/batch_matmul/batch_matmul.h"
#include "ops/broadcast.h"
#include "ops/weighted.h"

namespace thimble::infer {
namespace {

constexpr int kMaxRank = THIMBLE_MATMUL_BATCH_RANK + 2;

Shape batch_of(const Shape& s) {
  Shape batch;
  for (int d = 0; d + 2 < s.rank(); ++d) batch.push_back(s[d]);
  return batch;
}

// Strides of an operand's batch dimensions against the output's; a dimension of 1 repeats.
void batch_strides(const Shape& operand, const Shape& y, thimble_dim* strides, thimble_dim* dims) {
  int64_t stride = operand.dim(-1) * operand.dim(-2);
  for (int i = 1; i <= THIMBLE_MATMUL_BATCH_RANK; ++i) {
    const int64_t size = i + 2 <= operand.rank() ? operand.dim(-i - 2) : 1;
    strides[THIMBLE_MATMUL_BATCH_RANK - i] = size == 1 ? 0 : stride;
    stride *= size;
    dims[THIMBLE_MATMUL_BATCH_RANK - i] = i + 2 <= y.rank() ? y.dim(-i - 2) : 1;
  }
}

// A scale per column, or one; zero points of 0, which `beside` says why.
Status check_columns(const Tensor& w, bool adj_y, const char* beside) {
  const Quantization& q = w.quant;
  if (q.empty()) return fail(ErrorCode::bad_file, format("{}: int8 without a scale", w.to_string()));
  if (q.per_axis() && q.axis != w.shape.rank() - (adj_y ? 2 : 1))
    return fail(ErrorCode::unsupported,
                format("{}: scales along axis {}, which is not that of its columns", w.to_string(), q.axis));
  if (std::ranges::any_of(q.zero_point, [](int32_t z) { return z != 0; }))
    return fail(ErrorCode::unsupported, format("{}: zero points must be 0 beside {}", w.to_string(), beside));
  return {};
}

Result<double> effective_scale(double product, float y_scale, bool wide) {
  const double real = product / static_cast<double>(y_scale);
  if (!std::isfinite(real) || real < 0 || real >= (wide ? kWideScaleLimit : 0x1p30))
    return fail(ErrorCode::bad_file, format("effective scale {} is out of range", real));
  return real;
}

Status plan_columns(InferContext& ctx, const Tensor& w, bool wide, thimble_batch_matmul* p) {
  const auto columns = static_cast<int64_t>(w.quant.scale.size());
  auto* multipliers = ctx.plan.array<int32_t>(columns);
  auto* shifts = ctx.plan.array<int8_t>(columns);
  for (int64_t j = 0; j < columns; ++j) {
    const float y_scale = ctx.declared(0).quant.scale[0];
    const double product =
        static_cast<double>(ctx.in(0).quant.scale[0]) * static_cast<double>(w.quant.scale[static_cast<size_t>(j)]);
    THIMBLE_TRY(effective_scale(product, y_scale, wide));
    const ChannelScale s = channel_scale(ctx.in(0).type, ctx.in(0).quant.scale[0], w.quant, y_scale, j);
    multipliers[j] = s.multiplier;
    shifts[j] = static_cast<int8_t>(s.shift);
  }
  p->multipliers = multipliers;
  p->shifts = shifts;
  return {};
}

// Types, quantisation and the plan of integers; gives the output's type.
Result<DType> check_types(InferContext& ctx, bool adj_y, thimble_batch_matmul* p) {
  const Tensor &x = ctx.in(0), &w = ctx.in(1), &y = ctx.declared(0);
  const bool wide = x.type == DType::i16 && (w.type == DType::i16 || w.type == DType::i8);
  if (x.type == DType::f32 && w.type == DType::f32) return DType::f32;
  if (x.type == DType::f32 && w.type == DType::i8) {
    THIMBLE_TRY(check_columns(w, adj_y, "float activations"));
    return DType::f32;
  }
  if (!wide && !(x.type == DType::i8 && w.type == DType::i8))
    return fail(
        ErrorCode::unsupported, format("no kernel for {} times {}", x.to_string(), w.to_string()),
        "float32 × float32, float32 × int8 (hybrid), int8 × int8, int16 × int16 and int16 × int8 are supported");
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(x));
  if (w.quant.per_axis()) {
    THIMBLE_TRY(check_columns(w, adj_y, "a scale for each column"));
    if (static_cast<int64_t>(w.quant.scale.size()) != p->columns)
      return fail(ErrorCode::bad_file,
                  format("{}: {} scales for {} columns", w.to_string(), w.quant.scale.size(), p->columns));
  } else {
    THIMBLE_TRY(ctx.expect_per_tensor_quantized(w));
  }
  p->x_zero = x.quant.zero_point[0];
  p->w_zero = w.quant.zero_point[0];
  if (!wide && y.type == DType::i32) return DType::i32;
  if (wide && (p->x_zero != 0 || p->w_zero != 0))
    return fail(ErrorCode::unsupported,
                format("{} times {}: zero points of int16 operators must be 0", x.to_string(), w.to_string()));
  if (y.type != x.type || y.quant.empty()) return x.type;
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(y));
  if (wide && y.quant.zero_point[0] != 0)
    return fail(ErrorCode::unsupported, format("{}: zero points of int16 operators must be 0", y.to_string()));
  if (w.quant.per_axis()) {
    THIMBLE_TRY(plan_columns(ctx, w, wide, p));
  } else {
    THIMBLE_ASSIGN(const double real,
                   effective_scale(static_cast<double>(x.quant.scale[0] * w.quant.scale[0]), y.quant.scale[0], wide));
    int shift;
    quantize_multiplier(real, &p->multiplier, &shift);
    p->shift = static_cast<int8_t>(shift);
  }
  p->y_zero = y.quant.zero_point[0];
  quantized_activation_range(Activation::none, y.type, y.quant, &p->lo, &p->hi);
  return x.type;
}

}  // namespace

Status batch_matmul(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<BatchMatmulAttrs>());
  const auto& attrs = ctx.node.attrs.as<BatchMatmulAttrs>();
  THIMBLE_TRY(ctx.expect_rank(0, 2, kMaxRank));
  THIMBLE_TRY(ctx.expect_rank(1, 2, kMaxRank));
  const Shape &x = ctx.in(0).shape, &w = ctx.in(1).shape;
  auto& p = ctx.plan.make<thimble_batch_matmul>();
  p.rows = x.dim(attrs.adj_x ? -1 : -2);
  p.depth = x.dim(attrs.adj_x ? -2 : -1);
  p.columns = w.dim(attrs.adj_y ? -2 : -1);
  if (const int64_t depth = w.dim(attrs.adj_y ? -1 : -2); depth != p.depth)
    return fail(ErrorCode::bad_file,
                format("{}{} has {} columns, {}{} has {} rows", ctx.in(0).to_string(), attrs.adj_x ? " transposed" : "",
                       p.depth, ctx.in(1).to_string(), attrs.adj_y ? " transposed" : "", depth));
  THIMBLE_ASSIGN(Shape y, broadcast_shape(batch_of(x), batch_of(w)));
  std::vector<int64_t> dims(y.dims().begin(), y.dims().end());
  dims.push_back(p.rows);
  dims.push_back(p.columns);
  THIMBLE_ASSIGN(y, Shape::make(std::span<const int64_t>(dims)));
  batch_strides(x, y, p.x_batch, p.batch);
  batch_strides(w, y, p.w_batch, p.batch);
  p.x_row = attrs.adj_x ? 1 : p.depth;
  p.x_depth = attrs.adj_x ? p.rows : 1;
  p.w_depth = attrs.adj_y ? 1 : p.columns;
  p.w_column = attrs.adj_y ? p.depth : 1;
  ctx.outputs[0].shape = y;
  THIMBLE_ASSIGN(ctx.outputs[0].type, check_types(ctx, attrs.adj_y, &p));
  if (!checked_mul(y.elements(), p.depth, &ctx.macs))
    return fail(ErrorCode::bad_file, "the number of multiply-accumulates overflows");
  if (ctx.in(0).type != ctx.in(1).type && ctx.in(0).type == DType::f32) ctx.scratch_bytes = p.depth * 5;  // one row
  return {};
}

}  // namespace thimble::infer

void fields(thimble::PlanVisitor& v, const thimble_batch_matmul& p) {
  fields(v, "batch", p.batch, THIMBLE_MATMUL_BATCH_RANK);
  fields(v, "strides of x's batches", p.x_batch, THIMBLE_MATMUL_BATCH_RANK);
  fields(v, "strides of w's batches", p.w_batch, THIMBLE_MATMUL_BATCH_RANK);
  v.number("rows", p.rows);
  v.number("columns", p.columns);
  v.number("depth", p.depth);
  v.number("step of x to the next row", p.x_row);
  v.number("step of x along the depth", p.x_depth);
  v.number("step of w along the depth", p.w_depth);
  v.number("step of w to the next column", p.w_column);
  v.number("zero point of x", p.x_zero);
  v.number("zero point of w", p.w_zero);
  v.number("zero point of y", p.y_zero);
  v.number("low", p.lo);
  v.number("high", p.hi);
  v.number("multiplier", p.multiplier);
  v.number("shift", p.shift);
  v.array("multipliers of columns", p.multipliers, p.columns);
  v.array("shifts of columns", p.shifts, p.columns);
}
