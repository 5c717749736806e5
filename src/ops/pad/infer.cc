#include "ops/op.h"
#include "ops/pad/pad.h"

namespace thimble::infer {
namespace {

void fill_plan(InferContext& ctx, std::span<const int64_t> amount) {
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  const Shape& padded = ctx.outputs[0].shape;
  auto& plan = ctx.plan.make<thimble_pad>();
  plan.elements = padded.elements();
  plan.width = bits(x.type) / 8;
  if (is_quantized_type(x.type) && !y.quant.empty()) {
    // The low bytes of a two's complement number, which is what both 8-bit types and int16 want.
    plan.value[0] = static_cast<uint8_t>(y.quant.zero_point[0]);
    plan.value[1] = static_cast<uint8_t>(y.quant.zero_point[0] >> 8);
  }
  const auto to = dense_strides(padded);
  int64_t offset = 0;
  for (size_t d = 0; d < static_cast<size_t>(x.shape.rank()); ++d) offset += amount[2 * d] * to[d];
  plan.copy = plan_copy(x.shape, plan.width, dense_strides(x.shape), to, 0, offset);
}

}  // namespace

Status pad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 3, 1));
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  const Tensor &x = ctx.in(0), &paddings = ctx.in(1), &y = ctx.declared(0);
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no padding of {}", name(x.type)));
  if (!(paddings.shape == Shape{x.shape.rank(), 2}))
    return fail(ErrorCode::bad_file,
                format("paddings {} must have the shape [{}, 2]", paddings.to_string(), x.shape.rank()));
  THIMBLE_ASSIGN(const std::vector<int64_t> amount, ctx.constant_ints(1));
  std::vector<int64_t> dims(x.shape.dims().begin(), x.shape.dims().end());
  for (size_t i = 0; i < amount.size(); ++i) {
    if (amount[i] < 0 || amount[i] > INT32_MAX)
      return fail(ErrorCode::bad_file, format("padding {} of dimension {} is outside 0 … 2^31-1", amount[i], i / 2));
    dims[i / 2] += amount[i];
  }
  ctx.outputs[0].type = x.type;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  fill_plan(ctx, amount);
  if (ctx.has(2) && (ctx.in(2).type != x.type || ctx.in(2).shape.elements() != 1))
    return fail(ErrorCode::bad_file,
                format("the padding value {} must be one {}", ctx.in(2).to_string(), name(x.type)));
  if (!is_quantized_type(x.type)) return {};
  for (int i : {0, 2})
    if (ctx.has(i) && !ctx.in(i).quant.empty() && !y.quant.empty() &&
        (ctx.in(i).quant.scale != y.quant.scale || ctx.in(i).quant.zero_point != y.quant.zero_point))
      return fail(ErrorCode::unsupported,
                  format("{} and output {} differ in scale or zero point", ctx.in(i).to_string(), y.to_string()),
                  "requantise the input first");
  return {};
}

}  // namespace thimble::infer

void fields(thimble::PlanVisitor& v, const thimble_pad& p) {
  v.number("elements", p.elements);
  v.number("width", p.width);
  v.begin("value");
  for (const uint8_t byte : p.value) v.number("", byte);
  v.end();
  fields(v, "copy", p.copy);
}
