// The weight gradient of a float32 depthwise convolution; several taps share each load of dy.
#include "kernels/depthwise.h"
#include "kernels/depthwise_channels.h"
#include "kernels/f32_fill.h"

namespace thimble {
namespace {

// Taps [t, t + T), channels of V registers from c on, pixels [begin, end).
template <int T, int V, class Run>
THIMBLE_INLINE void grad_taps(const DepthwiseGradWF32Args& a, int64_t begin, int64_t end, int64_t t, int64_t c,
                              Run run) {
  F sum[T][V];
  THIMBLE_UNROLL
  for (int i = 0; i < T; ++i) {
    THIMBLE_UNROLL
    for (int v = 0; v < V; ++v) sum[i][v] = load(a.dw + (t + i) * a.channels + c + v * kLanes, run);
  }
  const int32_t* offsets = a.offsets + begin * a.taps + t;
  const float* dy = a.dy + begin * a.lddy + c;
  for (int64_t m = begin; m < end; ++m, offsets += a.taps, dy += a.lddy) {
    F d[V];
    THIMBLE_UNROLL
    for (int v = 0; v < V; ++v) d[v] = load(dy + v * kLanes, run);
    THIMBLE_UNROLL
    for (int i = 0; i < T; ++i) {
      const int32_t o = offsets[i];
      if (o < 0) continue;
      THIMBLE_UNROLL
      for (int v = 0; v < V; ++v) sum[i][v] = fma(load(a.x + o + c + v * kLanes, run), d[v], sum[i][v]);
    }
  }
  THIMBLE_UNROLL
  for (int i = 0; i < T; ++i) {
    THIMBLE_UNROLL
    for (int v = 0; v < V; ++v) store(a.dw + (t + i) * a.channels + c + v * kLanes, sum[i][v], run);
  }
}

void grad_w_f32(const DepthwiseGradWF32Args& a) {
  constexpr int64_t kSweep = 128;  // pixels whose channels stay in cache while the taps go over them
  for (int64_t begin = 0; begin < a.m; begin += kSweep) {
    const int64_t end = a.m - begin < kSweep ? a.m : begin + kSweep;
    for_channels(a.channels, [&](int64_t c, auto run, auto v) {
      constexpr int kVecs = decltype(v)::count;
      int64_t t = 0;
      if constexpr (kLanes > 1)
        for (; t + 9 <= a.taps; t += 9) grad_taps<9, kVecs>(a, begin, end, t, c, run);
      for (; t + 4 <= a.taps; t += 4) grad_taps<4, kVecs>(a, begin, end, t, c, run);
      for (; t < a.taps; ++t) grad_taps<1, kVecs>(a, begin, end, t, c, run);
    });
  }
}

}  // namespace

void THIMBLE_FILL(depthwise_grad)(DepthwiseKernels& table) { table.grad_w_f32 = grad_w_f32; }

}  // namespace thimble
