#include <algorithm>
#include <cmath>

#include "ops/axes.h"
#include "ops/concatenation/concatenation.h"
#include "ops/op.h"

namespace thimble {

bool needs_rescaling(DType type, const Quantization& x, const Quantization& y) {
  return type == DType::u8 && !x.empty() && (x.scale != y.scale || x.zero_point != y.zero_point);
}

uint8_t rescaled(uint8_t q, const Quantization& x, const Quantization& y) {
  const float scale = x.scale[0] * (1.0f / y.scale[0]);
  const float bias = static_cast<float>(-x.zero_point[0]) * scale;
  const float value = std::clamp(std::round(static_cast<float>(q) * scale + bias), -1e6f, 1e6f);
  return static_cast<uint8_t>(std::clamp(static_cast<int32_t>(value) + y.zero_point[0], 0, 255));
}

namespace infer {

Status concatenation(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(1, INT32_MAX, 1, ctx.arity()));
  THIMBLE_TRY(ctx.expect_attrs<ConcatenationAttrs>());
  const auto& attrs = ctx.node.attrs.as<ConcatenationAttrs>();
  if (attrs.activation != Activation::none)
    return fail(ErrorCode::unsupported, format("fused activation {}", name(attrs.activation)),
                "make it a node of its own");
  const Tensor &first = ctx.in(0), &y = ctx.declared(0);
  if (bits(first.type) % 8 != 0)
    return fail(ErrorCode::unsupported, format("no concatenation of {}", name(first.type)));
  const int rank = first.shape.rank();
  THIMBLE_ASSIGN(const int axis, axis_of(attrs.axis, rank));
  std::vector<int64_t> dims(first.shape.dims().begin(), first.shape.dims().end());
  int64_t& sum = dims[static_cast<size_t>(axis)];
  sum = 0;
  std::vector<int64_t> sizes;
  for (int i = 0; i < ctx.arity(); ++i) {
    const Tensor& x = ctx.in(i);
    if (x.type != first.type || x.shape.rank() != rank)
      return fail(ErrorCode::bad_file,
                  format("inputs {} and {} differ in type or rank", first.to_string(), x.to_string()));
    for (int d = 0; d < rank; ++d)
      if (d != axis && x.shape[d] != first.shape[d])
        return fail(ErrorCode::bad_file, format("inputs {} and {} differ in dimension {}, which is not the axis {}",
                                                first.to_string(), x.to_string(), d, axis));
    sum += x.shape[axis];  // each below 2^31: no overflow before Shape::make looks at it
    sizes.push_back(x.shape[axis]);
    if (!is_quantized_type(x.type)) continue;
    const bool same = x.quant.scale == y.quant.scale && x.quant.zero_point == y.quant.zero_point;
    if (same) continue;
    if (x.type != DType::u8)
      return fail(ErrorCode::unsupported,
                  format("input {} and output {} differ in scale or zero point", x.to_string(), y.to_string()),
                  "requantise the input first");
    THIMBLE_TRY(ctx.expect_per_tensor_quantized(x));
    THIMBLE_TRY(ctx.expect_per_tensor_quantized(y));
    if (!std::isfinite(x.quant.scale[0] * (1.0f / y.quant.scale[0]) * 255))
      return fail(ErrorCode::bad_file,
                  format("scales {} and {} are too far apart", x.quant.scale[0], y.quant.scale[0]));
  }
  ctx.outputs[0].type = first.type;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  auto& plan = ctx.plan.make<thimble_concatenation>();
  plan_parts(ctx.plan, ctx.outputs[0].shape, axis, sizes, bits(first.type) / 8, &plan.inputs);
  return {};
}

}  // namespace infer
}  // namespace thimble
