// Sliding windows over images [batch, height, width, channels]: the geometry that convolutions and
// pools share. Output sizes and paddings as TensorFlow Lite's ComputePaddingHeightWidth:
//   dilated = (kernel − 1) · dilation + 1
//   SAME:  out = ⌈in / stride⌉, padding max((out − 1) · stride + dilated − in, 0), the smaller half first
//   VALID: out = ⌈(in − dilated + 1) / stride⌉, no padding
#pragma once

#include "base/c99.h"
#include "graph/graph.h"

namespace thimble {

// One spatial axis.
struct WindowAxis : thimble_axis {
  WindowAxis() : thimble_axis{.in = 0, .kernel = 1, .stride = 1, .dilation = 1, .out = 0, .pad = 0} {}
  WindowAxis(const thimble_axis& axis) : thimble_axis(axis) {}

  // Input position of a kernel tap for an output position; outside [0, in) it is padding.
  int64_t input_of(int64_t out_position, int64_t tap) const { return thimble_input_of(this, out_position, tap); }
  // Output position whose window has this input position under this tap, or −1.
  int64_t output_of(int64_t in_position, int64_t tap) const {
    const int64_t at = in_position + pad - tap * dilation;
    return at >= 0 && at % stride == 0 && at / stride < out ? at / stride : -1;
  }
};

struct Window {
  WindowAxis h, w;
  int64_t taps() const { return h.kernel * w.kernel; }
  int64_t in_pixels() const { return h.in * w.in; }
  int64_t out_pixels() const { return h.out * w.out; }
  bool pointwise() const { return taps() == 1 && h.stride == 1 && w.stride == 1; }
};

// Refuses empty images and kernels, strides and dilations below 1, kernels that do not fit (VALID)
// and anything that overflows.
Result<Window> make_window(int64_t in_h, int64_t in_w, int64_t kernel_h, int64_t kernel_w, int64_t stride_h,
                           int64_t stride_w, int64_t dilation_h, int64_t dilation_w, Padding padding);

// Offsets of a pixel table: entry p·taps + t is the element offset of the pixel under tap t of row
// p, or −1 outside the image. Taps run over kernel rows, then columns. False (no table, the caller
// runs the reference) where offsets exceed 32 bits or the table would be unreasonably large.
//   forward:  rows are output pixels, offsets point into the input [h, w, channels]
//   backward: rows are input pixels, offsets point into the output [h, w, channels]
bool forward_offsets(const Window& window, int64_t channels, std::vector<int32_t>* offsets);
bool backward_offsets(const Window& window, int64_t channels, std::vector<int32_t>* offsets);

// Only activations that are clamps can be fused into convolutions and pools.
Status expect_clamp_activation(Activation a);

}  // namespace thimble
