#include "ops/window.h"

#include <algorithm>

#include "base/numbers.h"

namespace thimble {
namespace {

Result<WindowAxis> make_axis(const char* which, int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                             Padding padding) {
  if (in < 1) return fail(ErrorCode::bad_file, format("the image has {} {}", which, in));
  if (kernel < 1) return fail(ErrorCode::bad_file, format("the kernel has {} {}", which, kernel));
  if (stride < 1) return fail(ErrorCode::bad_file, format("stride {} of the {} is below 1", stride, which));
  if (dilation < 1) return fail(ErrorCode::bad_file, format("dilation {} of the {} is below 1", dilation, which));
  WindowAxis axis;
  axis.in = in;
  axis.kernel = kernel;
  axis.stride = stride;
  axis.dilation = dilation;
  int64_t dilated, covered;
  if (!checked_mul(kernel - 1, dilation, &dilated) || !checked_add(dilated, 1, &dilated))
    return fail(ErrorCode::bad_file, format("kernel {} with dilation {} overflows", kernel, dilation));
  if (padding == Padding::same) {
    axis.out = (in - 1) / stride + 1;
    if (!checked_mul(axis.out - 1, stride, &covered) || !checked_add(covered, dilated, &covered))
      return fail(ErrorCode::bad_file, format("kernel {} with stride {} overflows", kernel, stride));
    axis.pad = std::max<int64_t>(covered - in, 0) / 2;
  } else {
    if (dilated > in)
      return fail(
          ErrorCode::bad_file,
          format("a window of {} {} does not fit into an image of {} {} (padding valid)", which, dilated, which, in),
          "use padding same, a smaller kernel or dilation, or a larger input");
    axis.out = (in - dilated) / stride + 1;
  }
  return axis;
}

// Largest table: 2^26 entries (256 MiB) is far beyond any real layer.
bool reasonable(int64_t rows, int64_t taps, int64_t pixels, int64_t channels) {
  int64_t entries, elements;
  return checked_mul(rows, taps, &entries) && entries <= int64_t{1} << 26 && checked_mul(pixels, channels, &elements) &&
         elements <= INT32_MAX;
}

}  // namespace

Result<Window> make_window(int64_t in_h, int64_t in_w, int64_t kernel_h, int64_t kernel_w, int64_t stride_h,
                           int64_t stride_w, int64_t dilation_h, int64_t dilation_w, Padding padding) {
  Window window;
  THIMBLE_ASSIGN(window.h, make_axis("height", in_h, kernel_h, stride_h, dilation_h, padding));
  THIMBLE_ASSIGN(window.w, make_axis("width", in_w, kernel_w, stride_w, dilation_w, padding));
  return window;
}

bool forward_offsets(const Window& window, int64_t channels, std::vector<int32_t>* offsets) {
  const auto &h = window.h, &w = window.w;
  if (!reasonable(window.out_pixels(), window.taps(), window.in_pixels(), channels)) return false;
  offsets->clear();
  offsets->reserve(static_cast<size_t>(window.out_pixels() * window.taps()));
  for (int64_t oh = 0; oh < h.out; ++oh)
    for (int64_t ow = 0; ow < w.out; ++ow)
      for (int64_t kh = 0; kh < h.kernel; ++kh)
        for (int64_t kw = 0; kw < w.kernel; ++kw) {
          const int64_t ih = h.input_of(oh, kh), iw = w.input_of(ow, kw);
          const bool inside = ih >= 0 && ih < h.in && iw >= 0 && iw < w.in;
          offsets->push_back(inside ? static_cast<int32_t>((ih * w.in + iw) * channels) : -1);
        }
  return true;
}

bool backward_offsets(const Window& window, int64_t channels, std::vector<int32_t>* offsets) {
  const auto &h = window.h, &w = window.w;
  if (!reasonable(window.in_pixels(), window.taps(), window.out_pixels(), channels)) return false;
  offsets->clear();
  offsets->reserve(static_cast<size_t>(window.in_pixels() * window.taps()));
  for (int64_t ih = 0; ih < h.in; ++ih)
    for (int64_t iw = 0; iw < w.in; ++iw)
      for (int64_t kh = 0; kh < h.kernel; ++kh)
        for (int64_t kw = 0; kw < w.kernel; ++kw) {
          const int64_t oh = h.output_of(ih, kh), ow = w.output_of(iw, kw);
          offsets->push_back(oh >= 0 && ow >= 0 ? static_cast<int32_t>((oh * w.out + ow) * channels) : -1);
        }
  return true;
}

Status expect_clamp_activation(Activation a) {
  if (a == Activation::none || a == Activation::relu || a == Activation::relu6 || a == Activation::relu_n1_to_1)
    return {};
  return fail(ErrorCode::unsupported, format("fused activation {}", name(a)),
              "only relu, relu6 and relu_n1_to_1 can be fused here");
}

}  // namespace thimble
