// The shared lowering of operators that are matrix products with weights [n, taps·k] (row-major,
// as TFLite stores dense and convolution weights): fully_connected, conv2d, 1×1 convolutions.
#pragma once

#include "ops/window.h"
#include "runtime/lower.h"

namespace thimble {

struct GemmShape {
  int64_t m = 0, n = 0, k = 0, taps = 1;  // m rows per image
  int64_t images = 1;                     // the offset table describes one image; others follow at image_stride
  int64_t image_stride = 0;               // elements from one image's input to the next
  std::vector<int32_t> offsets;           // m·taps element offsets, negative = padding; empty: row i starts at i·k
  const Window* window = nullptr;         // what the table describes, where it is a window over images
  Activation activation = Activation::none;
  RequantArgs requant;              // int8: what the accumulators become
  bool asymmetric_rows = false;     // hybrid: asymmetric quantisation (of rows or images)
  bool hybrid_images = false;       // hybrid: one scale per image instead of one per row (convolutions)
  bool weights_transposed = false;  // weights are [taps·k, n] (depthwise of one input channel)
};

// A convolution's plan of its output as the kernels take it.
RequantArgs requant_args(LowerContext& ctx, const thimble_requantize& y, int64_t channels);
// The same where y is uint8: what kernels requantise to is int8, whose sign bit they flip as they store it.
RequantArgs as_unsigned(RequantArgs args);

// x is input 0, weights input 1, optional bias input 2, y output 0. Weights that are constant are
// packed at plan time, variable ones (training) by a step of their own at each run. Handles
// float32, int8, legacy uint8 and hybrid; false for the rest.
Result<bool> lower_gemm(LowerContext& ctx, const GemmShape& shape);

}  // namespace thimble
