// float32 products with sparse weights: a column's sums of up to eight registers of rows stay in registers over its
// entries; each entry is one broadcast weight.
#include "kernels/sparse.h"

#include "kernels/f32_fill.h"
#include "kernels/vec.h"

namespace thimble {
namespace {

constexpr int kMost = kLanes == 1 ? 16 : 8;  // registers of rows

template <int V>
void columns(const SparseF32Args& g, int64_t p) {
  const F lo = set1(g.lo), hi = set1(g.hi);
  const float* a = g.a + p;
  for (int64_t j = 0; j < g.n; ++j) {
    F sum[V];
    const F start = g.bias == nullptr ? F{} : set1(g.bias[j]);
    THIMBLE_UNROLL
    for (int v = 0; v < V; ++v) sum[v] = start;
    for (int64_t e = g.begin[j], end = g.begin[j + 1]; e < end; ++e) {
      const F w = set1(g.value[e]);
      const float* x = a + g.offset[e];
      THIMBLE_UNROLL
      for (int v = 0; v < V; ++v) sum[v] = fma(load(x + v * kLanes), w, sum[v]);
    }
    float* c = g.c + j * g.ldc + p;
    THIMBLE_UNROLL
    for (int v = 0; v < V; ++v) store(c + v * kLanes, clamp(sum[v], lo, hi));
  }
}

template <int V>
int64_t sweep(const SparseF32Args& g, int64_t p) {
  if constexpr (V > 0 && V * kLanes >= kSparseRows) {
    for (; g.m - p >= V * kLanes; p += V * kLanes) columns<V>(g, p);
    return sweep<V / 2>(g, p);
  }
  return p;
}

void run(const SparseF32Args& g) { sweep<kMost>(g, 0); }

}  // namespace

void THIMBLE_FILL(sparse)(SparseKernels& table) {
  table.f32 = run;
#if THIMBLE_LANES == 16
  table.f32_cost = {.entry = 1.1, .start = 38, .turn = 7, .most = kMost * kLanes};
#elif THIMBLE_LANES == 8
  table.f32_cost = {.entry = 1.1, .start = 28, .turn = 5, .most = kMost * kLanes};
#endif
}

}  // namespace thimble
