#include <algorithm>
#include <cmath>

#include "ops/op.h"
#include "ops/resize_bilinear/resize_bilinear.h"

namespace thimble::infer {
namespace {

constexpr int64_t kMostPixels = int64_t{1} << 20;  // along an axis: places in 1/1024 have to fit into 31 bits

thimble_resize_axis plan_axis(Plan& plan, int64_t in, int64_t out, bool align, bool half, bool integers) {
  thimble_resize_axis axis{};
  axis.in = static_cast<thimble_dim>(in);
  axis.out = static_cast<thimble_dim>(out);
  auto* below = plan.array<thimble_dim>(out);
  auto* above = plan.array<thimble_dim>(out);
  auto* part = integers ? nullptr : plan.array<float>(out);
  auto* part10 = integers ? plan.array<int32_t>(out) : nullptr;
  axis.below = below;
  axis.above = above;
  axis.part = part;
  axis.part10 = part10;
  if (integers) {
    const int64_t scale =
        align && out > 1 ? (1024 * (in - 1) + (out - 1) / 2) / (out - 1) : (1024 * in + out / 2) / out;
    for (int64_t i = 0; i < out; ++i) {
      const int64_t place = half ? i * scale + scale / 2 - 512 : i * scale;
      // Rounded beyond the last entry, a place is held there as the upper neighbour is: the original reads outside.
      const int64_t low = std::min(std::max<int64_t>(place / 1024, 0), in - 1);
      below[i] = static_cast<thimble_dim>(low);
      above[i] = static_cast<thimble_dim>(std::min((place + 1023) / 1024, in - 1));
      part10[i] = static_cast<int32_t>(std::min<int64_t>(place - 1024 * low, 1024));
    }
    return axis;
  }
  const float scale = align && out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                                       : static_cast<float>(in) / static_cast<float>(out);
  for (int64_t i = 0; i < out; ++i) {
    const auto at = static_cast<float>(i);
    const float place = half ? (at + 0.5f) * scale - 0.5f : at * scale;
    const int64_t low = std::min(std::max<int64_t>(static_cast<int64_t>(std::floor(place)), 0), in - 1);
    below[i] = static_cast<thimble_dim>(low);
    above[i] = static_cast<thimble_dim>(std::min(static_cast<int64_t>(std::ceil(place)), in - 1));
    part[i] = place - static_cast<float>(low);
  }
  return axis;
}

Status fill_in(InferContext& ctx, const Shape& x, DType type, int size_input, bool align, bool half, Shape* y) {
  if (align && half) return fail(ErrorCode::bad_file, "align_corners and half_pixel_centers exclude each other");
  THIMBLE_TRY(ctx.expect_rank(size_input, 1, 1));
  THIMBLE_ASSIGN(const std::vector<int64_t> size, ctx.constant_ints(size_input));
  if (size.size() != 2 || size[0] < 1 || size[1] < 1)
    return fail(ErrorCode::bad_file, size.size() == 2 ? format("a size of {} × {}", size[0], size[1])
                                                      : format("a size of {} numbers", size.size()));
  if (x[1] == 0 || x[2] == 0) return fail(ErrorCode::bad_file, format("{} has no pixels", x.to_string()));
  if (std::max({x[1], x[2], size[0], size[1]}) > kMostPixels)
    return fail(ErrorCode::unsupported, format("more than {} pixels along an axis", kMostPixels));
  const int64_t dims[] = {x[0], size[0], size[1], x[3]};
  THIMBLE_ASSIGN(*y, Shape::make(std::span<const int64_t>(dims)));
  const bool integers = type == DType::i8 || type == DType::i16;
  auto& p = ctx.plan.make<thimble_resize>();
  p.batch = static_cast<thimble_dim>(x[0]);
  p.channels = static_cast<thimble_dim>(x[3]);
  p.h = plan_axis(ctx.plan, x[1], size[0], align, half, integers);
  p.w = plan_axis(ctx.plan, x[2], size[1], align, half, integers);
  return {};
}

}  // namespace

Status resize_bilinear(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<ResizeAttrs>());
  THIMBLE_TRY(ctx.expect_rank(0, 4, 4));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i8, DType::u8, DType::i16}));
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  const auto& attrs = ctx.node.attrs.as<ResizeAttrs>();
  if (is_quantized_type(x.type) && !x.quant.empty() && !y.quant.empty() &&
      (x.quant.scale != y.quant.scale || x.quant.zero_point != y.quant.zero_point))
    return fail(ErrorCode::unsupported,
                format("{} and output {} differ in scale or zero point", x.to_string(), y.to_string()),
                "requantise the input first");
  ctx.outputs[0].type = x.type;
  THIMBLE_TRY(fill_in(ctx, x.shape, x.type, 1, attrs.align_corners, attrs.half_pixel_centers, &ctx.outputs[0].shape));
  ctx.macs = 4 * ctx.outputs[0].shape.elements();
  return {};
}

Status resize_bilinear_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 2, 1));
  THIMBLE_TRY(ctx.expect_attrs<ResizeGradAttrs>());
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  const auto& attrs = ctx.node.attrs.as<ResizeGradAttrs>();
  THIMBLE_ASSIGN(const Shape x, Shape::make(std::span<const int64_t>(attrs.shape)));
  if (x.rank() != 4) return fail(ErrorCode::internal, format("images {}", x.to_string()));
  Shape y;
  THIMBLE_TRY(fill_in(ctx, x, DType::f32, 1, attrs.align_corners, attrs.half_pixel_centers, &y));
  if (!(ctx.in(0).shape == y))
    return fail(ErrorCode::internal, format("a gradient {} of {}", ctx.in(0).to_string(), y.to_string()));
  ctx.outputs[0] = {DType::f32, x};
  return {};
}

}  // namespace thimble::infer

namespace {

void fields(thimble::PlanVisitor& v, std::string_view name, const thimble_resize_axis& a) {
  v.begin(name);
  v.number("in", a.in);
  v.number("out", a.out);
  v.positions("below", a.below, a.out);
  v.positions("above", a.above, a.out);
  v.array("part", a.part, a.out);
  v.array("part10", a.part10, a.out);
  v.end();
}

}  // namespace

void fields(thimble::PlanVisitor& v, const thimble_resize& p) {
  v.number("batch", p.batch);
  v.number("channels", p.channels);
  fields(v, "h", p.h);
  fields(v, "w", p.w);
}
