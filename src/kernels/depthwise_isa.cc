// float32 depthwise convolution, a register of channels at a time; several pixels share each load of the weights.
#include "kernels/depthwise.h"

#include "kernels/depthwise_channels.h"
#include "kernels/f32_fill.h"

namespace thimble {
namespace {

// Pixels [m, m + R), channels of V registers from c on.
template <int R, int V, class Run>
THIMBLE_INLINE void pixels(const DepthwiseF32Args& a, int64_t m, int64_t c, Run run) {
  F sum[R][V];
  THIMBLE_UNROLL
  for (int v = 0; v < V; ++v) {
    const F bias = a.bias == nullptr ? F{} : load(a.bias + c + v * kLanes, run);
    THIMBLE_UNROLL
    for (int r = 0; r < R; ++r) sum[r][v] = bias;
  }
  const int32_t* offsets = a.offsets + m * a.taps;
  for (int64_t t = 0; t < a.taps; ++t) {
    F w[V];
    THIMBLE_UNROLL
    for (int v = 0; v < V; ++v) w[v] = load(a.w + t * a.channels + c + v * kLanes, run);
    THIMBLE_UNROLL
    for (int r = 0; r < R; ++r) {
      const int32_t o = offsets[r * a.taps + t];
      if (o < 0) continue;
      THIMBLE_UNROLL
      for (int v = 0; v < V; ++v) sum[r][v] = fma(load(a.x + o + c + v * kLanes, run), w[v], sum[r][v]);
    }
  }
  THIMBLE_UNROLL
  for (int r = 0; r < R; ++r) {
    THIMBLE_UNROLL
    for (int v = 0; v < V; ++v)
      store(a.y + (m + r) * a.ldy + c + v * kLanes, clamp(sum[r][v], set1(a.lo), set1(a.hi)), run);
  }
}

void f32(const DepthwiseF32Args& a) {
  constexpr int kPixels = kLanes == 1 ? 1 : 4;
  int64_t m = 0;
  for (; m + kPixels <= a.m; m += kPixels)
    for_channels(a.channels, [&](int64_t c, auto run, auto v) { pixels<kPixels, decltype(v)::count>(a, m, c, run); });
  for (; m < a.m; ++m)
    for_channels(a.channels, [&](int64_t c, auto run, auto v) { pixels<1, decltype(v)::count>(a, m, c, run); });
}

}  // namespace

void THIMBLE_FILL(depthwise)(DepthwiseKernels& table) {
  table.name = THIMBLE_ISA_STRING;
  table.f32 = f32;
}

}  // namespace thimble
