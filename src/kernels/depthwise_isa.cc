// float32 depthwise convolution and its weight gradient, a register of channels at a time. Several
// pixels share each load of the weights; in the gradient several taps share each load of dy.
#include "kernels/depthwise.h"

#include "kernels/f32_fill.h"
#include "kernels/vec.h"

namespace thimble {
namespace {

// Pixels [m, m + R), channels of one register from c on.
template <int R, class Run>
THIMBLE_INLINE void pixels(const DepthwiseF32Args& a, int64_t m, int64_t c, Run run) {
  const F bias = a.bias == nullptr ? F{} : load(a.bias + c, run);
  F sum[R];
  THIMBLE_UNROLL
  for (int r = 0; r < R; ++r) sum[r] = bias;
  const int32_t* offsets = a.offsets + m * a.taps;
  for (int64_t t = 0; t < a.taps; ++t) {
    const F w = load(a.w + t * a.channels + c, run);
    THIMBLE_UNROLL
    for (int r = 0; r < R; ++r) {
      const int32_t o = offsets[r * a.taps + t];
      if (o >= 0) sum[r] = fma(load(a.x + o + c, run), w, sum[r]);
    }
  }
  THIMBLE_UNROLL
  for (int r = 0; r < R; ++r) store(a.y + (m + r) * a.ldy + c, clamp(sum[r], set1(a.lo), set1(a.hi)), run);
}

void f32(const DepthwiseF32Args& a) {
  constexpr int kPixels = 6;
  int64_t m = 0;
  for (; m + kPixels <= a.m; m += kPixels)
    for_runs(a.channels, [&](int64_t c, auto run) { pixels<kPixels>(a, m, c, run); });
  for (; m < a.m; ++m) for_runs(a.channels, [&](int64_t c, auto run) { pixels<1>(a, m, c, run); });
}

// Taps [t, t + T), channels of one register from c on, all pixels.
template <int T, class Run>
THIMBLE_INLINE void grad_taps(const DepthwiseGradWF32Args& a, int64_t t, int64_t c, Run run) {
  F sum[T];
  THIMBLE_UNROLL
  for (int i = 0; i < T; ++i) sum[i] = load(a.dw + (t + i) * a.channels + c, run);
  const int32_t* offsets = a.offsets + t;
  const float* dy = a.dy + c;
  for (int64_t m = 0; m < a.m; ++m, offsets += a.taps, dy += a.lddy) {
    const F d = load(dy, run);
    THIMBLE_UNROLL
    for (int i = 0; i < T; ++i) {
      const int32_t o = offsets[i];
      if (o >= 0) sum[i] = fma(load(a.x + o + c, run), d, sum[i]);
    }
  }
  THIMBLE_UNROLL
  for (int i = 0; i < T; ++i) store(a.dw + (t + i) * a.channels + c, sum[i], run);
}

void grad_w_f32(const DepthwiseGradWF32Args& a) {
  for_runs(a.channels, [&](int64_t c, auto run) {
    int64_t t = 0;
    for (; t + 9 <= a.taps; t += 9) grad_taps<9>(a, t, c, run);
    for (; t + 4 <= a.taps; t += 4) grad_taps<4>(a, t, c, run);
    for (; t < a.taps; ++t) grad_taps<1>(a, t, c, run);
  });
}

}  // namespace

void THIMBLE_FILL(depthwise)(DepthwiseKernels& table) {
  table.name = THIMBLE_ISA_STRING;
  table.f32 = f32;
  table.grad_w_f32 = grad_w_f32;
}

}  // namespace thimble
