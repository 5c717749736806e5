// float32 depthwise convolution and its weight gradient, a register of channels at a time. Several
// pixels share each load of the weights; in the gradient several taps share each load of dy.
#include "kernels/depthwise.h"

#include "kernels/f32_fill.h"
#include "kernels/vec.h"

namespace thimble {
namespace {

// Calls body(c, run, V) for all channels: two registers at a time (V = 2), then one, then a part.
struct One {
  static constexpr int count = 1;
};
struct Two {
  static constexpr int count = 2;
};
template <class Body>
THIMBLE_INLINE void for_channels(int64_t channels, Body body) {
  int64_t c = 0;
  for (; c + 2 * kLanes <= channels; c += 2 * kLanes) body(c, Whole{}, Two{});
  for_runs(channels - c, [&](int64_t i, auto run) { body(c + i, run, One{}); });
}

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

void THIMBLE_FILL(depthwise)(DepthwiseKernels& table) {
  table.name = THIMBLE_ISA_STRING;
  table.f32 = f32;
  table.grad_w_f32 = grad_w_f32;
}

}  // namespace thimble
