#include <algorithm>
#include <cmath>

#include "ops/fixed_function.h"
#include "ops/softmax/wide.h"

namespace thimble::infer {
namespace {

constexpr int kExponentBits = 5;

// How a difference to the row's maximum becomes a Q5.26 exponent, and the exponentials of all of them.
void plan_bytes(InferContext& ctx, double beta, thimble_softmax* p) {
  constexpr auto kOne = static_cast<double>(1 << (31 - kExponentBits));
  int32_t multiplier;
  int shift;
  quantize_multiplier(std::min(beta * ctx.in(0).quant.scale[0] * kOne, 2147483647.0), &multiplier, &shift);
  const double radius = std::floor(static_cast<double>((1 << kExponentBits) - 1) * kOne / std::ldexp(1.0, shift));
  p->lowest = -static_cast<int32_t>(std::min(radius, 1e6));
  if (multiplier > 0)
    quantize_multiplier(std::ldexp(1.0, 31 - shift) / multiplier, &p->reverse_multiplier, &p->reverse_shift);
  auto *exponents = ctx.plan.array<int32_t>(256), *exponentials = ctx.plan.array<int32_t>(256);
  for (int32_t d = 0; d < 256 && -d >= p->lowest; ++d) {
    exponents[d] = thimble_rescale(-d, multiplier, shift);
    exponentials[d] = fixed::exp_of_negative(exponents[d], kExponentBits);
  }
  p->exponents = ctx.node.op == Op::log_softmax ? exponents : nullptr;
  p->exponentials = exponentials;
}

// Within a thousandth, as TFLite has it: some files carry the decimal digits of a scale.
bool scaled(const Tensor& y, double scale, int32_t zero) {
  return y.quant.scale.size() == 1 && std::abs(static_cast<double>(y.quant.scale[0]) - scale) <= scale / 1000 &&
         y.quant.zero_point[0] == zero;
}

// Probabilities of int8 in units of 1/65536 from the lowest value. TFLite's keyword model for microcontrollers declares
// the same numbers in units of 1/32768 from 0; every runtime gives it those, and so are they here.
Status expect_fine_output(InferContext& ctx, float beta, thimble_softmax* plan) {
  const Tensor& y = ctx.declared(0);
  if (!scaled(y, 0x1p-16, -32768) && !scaled(y, 0x1p-15, 0))
    return fail(ErrorCode::bad_file,
                format("{}: the output must have scale 1/65536 and zero point -32768", y.to_string()));
  ctx.outputs[0].type = DType::i16;
  ctx.in_place = 0;
  plan_bytes(ctx, beta, plan);
  return {};
}

Status expect_rows(InferContext& ctx, std::initializer_list<DType> types, double scale, bool highest_zero_point,
                   float beta) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_type(0, types));
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  ctx.outputs[0] = {x.type, x.shape};
  ctx.in_place = 1;
  auto& plan = ctx.plan.make<thimble_softmax>();
  plan.n = x.shape.dim(-1);
  plan.rows = plan.n > 0 ? x.shape.elements() / plan.n : 0;
  plan.beta = beta;
  if (x.type == DType::f32) return {};
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(x));
  if (!std::isfinite(x.quant.scale[0]))
    return fail(ErrorCode::bad_file, format("{}: scale is not finite", x.to_string()));
  if (ctx.node.op == Op::softmax && x.type == DType::i8 && y.type == DType::i16)
    return expect_fine_output(ctx, beta, &plan);
  const int32_t low = x.type == DType::u8 ? 0 : -128;
  const int32_t zero = highest_zero_point ? low + 255 : low;
  if (!scaled(y, scale, zero))
    return fail(ErrorCode::bad_file,
                format("{}: the output must have scale {} and zero point {}", y.to_string(), scale, zero));
  plan_bytes(ctx, beta, &plan);
  return {};
}

Status expect_gradient_rows(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  for (int i = 0; i < 2; ++i) THIMBLE_TRY(ctx.expect_type(i, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  if (!(ctx.in(0).shape == ctx.in(1).shape))
    return fail(ErrorCode::internal, format("shapes differ: {} and {}", ctx.in(0).to_string(), ctx.in(1).to_string()));
  ctx.outputs[0] = {DType::f32, ctx.in(0).shape};
  ctx.in_place = 3;
  return {};
}

}  // namespace

Status softmax(InferContext& ctx) {
  const auto types = {DType::f32, DType::i8, DType::u8};
  if (ctx.node.op == Op::log_softmax) return expect_rows(ctx, types, 16.0 / 256, true, 1);
  THIMBLE_TRY(ctx.expect_attrs<SoftmaxAttrs>());
  const float beta = ctx.node.attrs.as<SoftmaxAttrs>().beta;
  if (!std::isfinite(beta) || beta <= 0)
    return fail(ErrorCode::bad_file, format("beta is {}, must be a positive number", beta));
  if (ctx.has(0) && ctx.in(0).type == DType::i16) return infer_softmax_wide(ctx, beta);
  return expect_rows(ctx, types, 1.0 / 256, false, beta);
}

Status softmax_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_attrs<SoftmaxAttrs>());
  return expect_gradient_rows(ctx);
}

Status log_softmax_grad(InferContext& ctx) { return expect_gradient_rows(ctx); }

}  // namespace thimble::infer
