// Rules that every operator with weights shares (fully_connected, conv2d, depthwise_conv2d …).
#pragma once

#include "ops/op.h"

namespace thimble {

// How a weighted operator computes, decided by its input and weight types.
// Weights of 4 bits count as int8: the runtime widens them when it plans (graph/int4.h).
// s16x8: int16 activations, zero points 0. An int64 bias, or none, has accumulators of 64 bits, an int32 bias such
// of 32.
enum class WeightedKind { f32, s8, u8, s16x8, hybrid, unsupported };
WeightedKind weighted_kind(const Tensor& x, const Tensor& w);

// Checks types and quantisation of x (input 0), w (input 1), optional bias (input 2) and the
// declared output, and gives the output's type. `channels` is the output channel count and
// `channel_axis` the weight axis it stands on.
Result<DType> check_weighted(const InferContext& ctx, int64_t channels, int channel_axis);

// The shape of output 0 of a dense layer, rows of x (input 0) times w (input 1, [outputs, inputs]), and its products:
// x's own rank where keep_num_dims is set and its last dimension is that of w, else [rows, outputs].
Status infer_dense(InferContext& ctx, bool keep_num_dims);

// Per-channel requantisation of a weighted integer operator: effective scale s_x·s_w[c]/s_y as a
// Q31 multiplier and a shift (left if positive).
struct ChannelScale {
  int32_t multiplier = 0;
  int shift = 0;
};
// uint8 (legacy) forms s_x·s_w in float32, as TFLite's GetQuantizedConvolutionMultipler does.
ChannelScale channel_scale(DType x_type, float x_scale, const Quantization& w, float y_scale, int64_t channel);

// The plan of what a convolution's accumulators become: x's zero point, multipliers, shifts and the clamp of the
// activation of integers, the clamp of floats. For nodes that check_weighted has accepted.
void plan_output(InferContext& ctx, int64_t channels, Activation activation, int32_t* x_zero, thimble_requantize* y,
                 thimble_range* range);

// Effective scales of 64-bit accumulators (thimble_rescale_wide) stay below.
inline constexpr double kWideScaleLimit = 0x1p7;

// s16x8: what an accumulator with its bias becomes, and the bias itself, 0 where there is none.
inline int32_t wide_output(const thimble_requantize& y, int64_t acc, bool narrow, int64_t channel) {
  const int32_t m = y.multiplier[channel];
  const int shift = y.shift[channel];
  return thimble_clamp(
      narrow ? thimble_rescale(static_cast<int32_t>(acc), m, shift) : thimble_rescale_wide(acc, m, shift), y.lo, y.hi);
}
inline int64_t wide_bias(const TensorView& bias, int64_t channel) {
  if (!bias) return 0;
  return bias.type == DType::i32 ? bias.as<int32_t>()[channel] : bias.as<int64_t>()[channel];
}

// Dense layers are requantised in double, rounded once, half away from zero: what the reference
// kernels of LiteRT do for FULLY_CONNECTED (its convolutions round twice). One scale per output.
double dense_scale(float x_scale, const Quantization& w, float y_scale, int64_t channel);
std::vector<double> dense_scales(float x_scale, const Quantization& w, float y_scale, int64_t channels);

// Quantised clamp bounds of a fused activation for an output of this type and quantisation.
void quantized_activation_range(Activation a, DType type, const Quantization& y, int32_t* lo, int32_t* hi);
// The same of any clamp; infinite bounds are none.
void quantized_range(float low, float high, DType type, const Quantization& y, int32_t* lo, int32_t* hi);

}  // namespace thimble
