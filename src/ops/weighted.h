// Rules that every operator with weights shares (fully_connected, conv2d, depthwise_conv2d …).
#pragma once

#include "ops/op.h"

namespace thimble {

// How a weighted operator computes, decided by its input and weight types.
// Weights of 4 bits count as int8: the runtime widens them when it plans (graph/int4.h).
enum class WeightedKind { f32, s8, u8, hybrid, unsupported };
WeightedKind weighted_kind(const Tensor& x, const Tensor& w);

// Checks types and quantisation of x (input 0), w (input 1), optional bias (input 2) and the
// declared output, and gives the output's type. `channels` is the output channel count and
// `channel_axis` the weight axis it stands on.
Result<DType> check_weighted(const InferContext& ctx, int64_t channels, int channel_axis);

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

// Dense layers are requantised in double, rounded once, half away from zero: what the reference
// kernels of LiteRT do for FULLY_CONNECTED (its convolutions round twice). One scale per output.
double dense_scale(float x_scale, const Quantization& w, float y_scale, int64_t channel);
std::vector<double> dense_scales(float x_scale, const Quantization& w, float y_scale, int64_t channels);

// Quantised clamp bounds of a fused activation for an output of this type and quantisation.
void quantized_activation_range(Activation a, DType type, const Quantization& y, int32_t* lo, int32_t* hi);
// The same of any clamp; infinite bounds are none.
void quantized_range(float low, float high, DType type, const Quantization& y, int32_t* lo, int32_t* hi);

}  // namespace thimble
