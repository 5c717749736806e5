// The weight gradient of a float32 product: c = Aᵀ·B with the tile of c in registers over a sweep of rows of A and B.
#include "kernels/f32_fill.h"
#include "kernels/gemm_f32.h"
#include "kernels/gemm_f32_tile.h"

namespace thimble {
namespace {

constexpr int64_t kGradientRows = 192;  // rows of A and B in one sweep

// Rows [i, i + R) of c (all of one tap, or any where kTaps) and C registers of
// columns from j on, sums over A and B rows [begin, end).
template <int R, int C, bool kTaps>
void gradient_tile(const GemmTnF32Args& g, const Sweep& sweep, int64_t i, int64_t j) {
  const int64_t n = g.n - j;
  F sum[R][C] = {};
  if (!sweep.first || g.accumulate) {
    THIMBLE_UNROLL
    for (int r = 0; r < R; ++r) load_row<C>(sum[r], g.c + (i + r) * g.ldc + j, n);
  }
  int32_t tap[R], in_run[R];
  THIMBLE_UNROLL
  for (int r = 0; r < R; ++r) {
    tap[r] = static_cast<int32_t>((i + r) / g.k);
    in_run[r] = static_cast<int32_t>((i + r) % g.k);
  }
  const bool whole = n >= C * kLanes;
  const int64_t a_step = g.offsets == nullptr ? g.lda : 0, o_step = g.offsets == nullptr ? 0 : g.offset_stride;
  const int32_t zero = 0;
  const int32_t* offsets = g.offsets == nullptr ? &zero : g.offsets + sweep.begin * o_step;
  const float* a0 = g.a + sweep.begin * a_step;
  const float* b = g.b + sweep.begin * g.ldb + j;
  for (int64_t m = sweep.begin; m < sweep.end; ++m, a0 += a_step, offsets += o_step, b += g.ldb) {
    F x[C];
    if (whole) {
      THIMBLE_UNROLL
      for (int v = 0; v < C; ++v) x[v] = load(b + v * kLanes);
    } else {
      load_row<C>(x, b, n);
    }
    if constexpr (kTaps) {
      THIMBLE_UNROLL
      for (int r = 0; r < R; ++r) {
        const int32_t o = offsets[tap[r]];
        if (o < 0) continue;
        const F y = set1(a0[o + in_run[r]]);
        THIMBLE_UNROLL
        for (int v = 0; v < C; ++v) sum[r][v] = fma(y, x[v], sum[r][v]);
      }
    } else {
      const int32_t o = offsets[tap[0]];
      if (o < 0) continue;
      const float* a = a0 + o + in_run[0];
      THIMBLE_UNROLL
      for (int r = 0; r < R; ++r) {
        const F y = set1(a[r]);
        THIMBLE_UNROLL
        for (int v = 0; v < C; ++v) sum[r][v] = fma(y, x[v], sum[r][v]);
      }
    }
  }
  THIMBLE_UNROLL
  for (int r = 0; r < R; ++r) store_row<C>(g.c + (i + r) * g.ldc + j, sum[r], n);
}

using GradientTile = void (*)(const GemmTnF32Args&, const Sweep&, int64_t i, int64_t j);
struct GradientTileRow {
  GradientTile narrow, panel, wide, narrow_taps, panel_taps;
  int panels;
};
template <int R>
constexpr GradientTileRow gradient_tile_row() {
  return {gradient_tile<R, 1, false>, gradient_tile<R, kVecs, false>, gradient_tile<R, kVecs * wide_panels(R), false>,
          gradient_tile<R, 1, true>,  gradient_tile<R, kVecs, true>,  wide_panels(R)};
}
template <class>
struct GradientTileRows;
template <int... R>
struct GradientTileRows<Heights<R...>> {
  static constexpr GradientTileRow rows[] = {gradient_tile_row<R>()...};
};
using GradientTiles = GradientTileRows<TileHeights>;

// Rows [i0, i1) of c over one sweep.
void gradient_rows(const GemmTnF32Args& g, const Sweep& sweep, int64_t i0, int64_t i1, bool taps) {
  const int64_t step = balanced_rows(i1 - i0);
  for (int64_t i = i0; i < i1; i += step) {
    const GradientTileRow& tiles = GradientTiles::rows[i1 - i < step ? i1 - i : step];
    for (int64_t j = 0; j < g.n;) {
      const int64_t left = g.n - j;
      if (!taps && left > (tiles.panels - 1) * kColumns + kLanes) {
        tiles.wide(g, sweep, i, j);
        j += tiles.panels * kColumns;
      } else {
        const bool narrow = left <= kLanes;
        (taps ? (narrow ? tiles.narrow_taps : tiles.panel_taps) : narrow ? tiles.narrow : tiles.panel)(g, sweep, i, j);
        j += kColumns;
      }
    }
  }
}

// One row of A and B: c moves through along its rows, which is all the work.
void outer_product(const GemmTnF32Args& g) {
  for (int64_t i = 0; i < g.k; ++i) {
    float* c = g.c + i * g.ldc;
    const F y = set1(g.a[i]);
    if (g.accumulate) {
      for_runs(g.n, [&](int64_t j, auto run) { store(c + j, fma(y, load(g.b + j, run), load(c + j, run)), run); });
    } else {
      for_runs(g.n, [&](int64_t j, auto run) { store(c + j, fma(y, load(g.b + j, run), F{}), run); });
    }
  }
}

void run_tn(const GemmTnF32Args& g) {
  if (g.k <= 0 || g.n <= 0) return;
  if (g.m == 1 && g.offsets == nullptr) return outer_product(g);
  const bool together = g.taps > 1 && g.k < kMaxRows / 2;  // tiles across taps, where one tap would not fill them
  for (int64_t begin = 0; begin == 0 || begin < g.m; begin += kGradientRows) {
    const int64_t end = g.m - begin < kGradientRows ? g.m : begin + kGradientRows;
    const Sweep sweep = {begin, end, begin == 0, end == g.m};
    if (together) {
      gradient_rows(g, sweep, 0, g.taps * g.k, true);
    } else {
      for (int64_t t = 0; t < g.taps; ++t) gradient_rows(g, sweep, t * g.k, (t + 1) * g.k, false);
    }
  }
}

}  // namespace

void THIMBLE_FILL(gemm_f32_grad)(GemmF32Kernels& table) { table.run_tn = run_tn; }

}  // namespace thimble
