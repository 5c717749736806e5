#include "ops/recurrent.h"

#include <algorithm>
#include <cmath>

#include "ops/hybrid.h"

namespace thimble::recurrent {

float activate(Activation a, float v) {
  switch (a) {
    case Activation::none: return v;
    case Activation::relu: return std::max(v, 0.0f);
    case Activation::relu_n1_to_1: return std::clamp(v, -1.0f, 1.0f);
    case Activation::relu6: return std::clamp(v, 0.0f, 6.0f);
    case Activation::tanh: return std::tanh(v);
    case Activation::sigmoid: return 1 / (1 + std::exp(-v));
    case Activation::sign_bit: return std::signbit(v) ? 1.0f : 0.0f;
  }
  return v;
}

Row::Row(const float* values, int64_t count, int8_t* memory, bool asymmetric) : x(values), n(count), q(memory) {
  if (!memory) return;
  if (asymmetric) {
    quantize_asymmetric(x, n, memory, &scale, &zero);
  } else {
    scale = quantize_symmetric(x, n, memory);
  }
}

float Row::times(const TensorView& matrix, int64_t unit) const {
  if (matrix.type == DType::f32) {
    const float* w = matrix.as<float>() + unit * n;
    float sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += w[i] * x[i];
    return sum;
  }
  const int8_t* w = matrix.as<int8_t>() + unit * n;
  uint32_t sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<uint32_t>((q[i] - zero) * w[i]);
  return static_cast<float>(static_cast<int32_t>(sum)) * (scale * matrix.scale());
}

Status expect_shape(const InferContext& ctx, int input, const Shape& shape) {
  if (!ctx.has(input)) return fail(ErrorCode::bad_file, format("input {} is left out but is required", input));
  if (ctx.in(input).shape == shape) return {};
  return fail(ErrorCode::bad_file,
              format("input {} {} must have the shape {}", input, ctx.in(input).to_string(), shape.to_string()));
}

Status expect_state(const InferContext& ctx, int input, DType type, const Shape& shape) {
  THIMBLE_TRY(expect_shape(ctx, input, shape));
  THIMBLE_TRY(ctx.expect_type(input, {type}));
  if (!ctx.in(input).variable)
    return fail(ErrorCode::bad_file, format("state {} is not a variable tensor", ctx.in(input).to_string()));
  return {};
}

Status expect_matrix(const InferContext& ctx, int input, DType type, const Shape& shape) {
  THIMBLE_TRY(expect_shape(ctx, input, shape));
  THIMBLE_TRY(ctx.expect_type(input, {type}));
  if (type == DType::f32) return {};
  const Tensor& w = ctx.in(input);
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(w));
  if (w.quant.zero_point[0] != 0)
    return fail(ErrorCode::unsupported, format("{} must have zero point 0", w.to_string()));
  return {};
}

Status resize_state(Resize& to, size_t input) {
  Tensor& state = to.graph.at(to.node.inputs[input]);
  if (!state.variable || state.shape.rank() < 1 || state.shape[0] != to.before())
    return fail(ErrorCode::unsupported, "its states are not variables of one row per example");
  if (state.data) {
    if (to.before() != 1) return fail(ErrorCode::unsupported, "its initial states differ between examples");
    std::vector<uint8_t> rows;
    for (int64_t r = 0; r < to.sizes[0]; ++r)
      rows.insert(rows.end(), state.data.bytes, state.data.bytes + state.data.size);
    state.data = Data::copy(rows);
  }
  std::vector<int64_t> dims(state.shape.dims().begin(), state.shape.dims().end());
  dims[0] = to.sizes[0];
  THIMBLE_ASSIGN(state.shape, Shape::make(std::span<const int64_t>(dims)));
  return {};
}

}  // namespace thimble::recurrent
