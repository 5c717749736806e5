// float32 matrix products on registers of kLanes floats. A tile of R rows and C registers of
// columns stays in registers over the whole sum: each step loads C registers of packed B and
// broadcasts one float of each A run. A is never packed or copied.
#include "kernels/gemm_f32.h"

#include "kernels/f32_fill.h"
#include "kernels/vec.h"

namespace thimble {
namespace {

// Tile: kMaxRows rows of one panel (kVecs registers) where there are many rows; few rows take
// several panels at once, so that enough independent sums are under way.
constexpr int kMaxRows = kLanes == 16 ? 14 : kLanes == 8 ? 6 : kLanes == 4 ? 8 : 4;
constexpr int kVecs = kLanes == 1 ? 4 : 2;
constexpr int kColumns = kVecs * kLanes;
constexpr int wide_panels(int rows) { return kMaxRows / rows >= 4 ? 4 : kMaxRows / rows >= 2 ? 2 : 1; }

constexpr int64_t kBlockRows = 2048;         // rows of B in one sweep; longer sums go through c
constexpr int64_t kGroupFloats = 96 * 1024;  // packed B swept per row of tiles: stays in L2
constexpr int64_t kGradientRows = 192;       // rows of A and B in one sweep of run_tn

struct Sweep {
  int64_t begin, end;  // rows of B
  bool first, last;
};

// Registers [0, C) of a row of c or bias, of which n columns exist. With AVX-512 a mask costs nothing;
// elsewhere whole registers take the plain move.
template <int C>
THIMBLE_INLINE void load_row(F (&row)[C], const float* p, int64_t n) {
  THIMBLE_UNROLL
  for (int v = 0; v < C; ++v) {
    const int64_t left = n - v * kLanes;
    if constexpr (kLanes == 16) {
      row[v] = load_part(p + v * kLanes, left < 0 ? 0 : left > kLanes ? kLanes : left);
    } else {
      row[v] = left >= kLanes ? load(p + v * kLanes) : left > 0 ? load_part(p + v * kLanes, left) : F{};
    }
  }
}
template <int C>
THIMBLE_INLINE void store_row(float* p, const F (&row)[C], int64_t n) {
  THIMBLE_UNROLL
  for (int v = 0; v < C; ++v) {
    const int64_t left = n - v * kLanes;
    if constexpr (kLanes == 16) {
      store_part(p + v * kLanes, row[v], left < 0 ? 0 : left > kLanes ? kLanes : left);
    } else if (left >= kLanes) {
      store(p + v * kLanes, row[v]);
    } else if (left > 0) {
      store_part(p + v * kLanes, row[v], left);
    }
  }
}

// Rows [m, m + R) and C registers of columns from j on (a multiple of kColumns).
template <int R, int C>
void tile(const GemmF32Args& g, const Sweep& sweep, int64_t m, int64_t j) {
  const int64_t panel_floats = (g.tap_list != nullptr ? g.b_rows : g.taps * g.k) * kColumns, n = g.n - j;
  const float* panel = g.b + j / kColumns * panel_floats;
  const float* b = panel + sweep.begin * kColumns;
  F sum[R][C];
  if (!sweep.first || g.accumulate) {
    THIMBLE_UNROLL
    for (int r = 0; r < R; ++r) load_row<C>(sum[r], g.c + (m + r) * g.ldc + j, n);
  } else {
    F bias[C] = {};
    if (g.bias != nullptr) load_row<C>(bias, g.bias + j, n);
    THIMBLE_UNROLL
    for (int r = 0; r < R; ++r) {
      THIMBLE_UNROLL
      for (int v = 0; v < C; ++v) sum[r][v] = bias[v];
    }
  }
  int64_t t = g.k > 0 ? sweep.begin / g.k : 0, row = sweep.begin;
  if (g.k == 1 && g.offsets != nullptr) {  // one channel: the offsets are most of the work
    const int32_t* offsets = g.offsets + m * g.taps;
    for (; row < sweep.end; ++row, b += kColumns) {
      F x[C];
      THIMBLE_UNROLL
      for (int v = 0; v < C; ++v) x[v] = load(b + v / kVecs * panel_floats + v % kVecs * kLanes);
      THIMBLE_UNROLL
      for (int r = 0; r < R; ++r) {
        const int32_t o = offsets[r * g.taps + row];
        const float* a = o < 0 ? g.zeros : g.a + o;
        const F y = set1(*a);
        THIMBLE_UNROLL
        for (int v = 0; v < C; ++v) sum[r][v] = fma(y, x[v], sum[r][v]);
      }
    }
  }
  for (; row < sweep.end; ++t) {
    const float* a[R];
    const int64_t i0 = row - t * g.k;
    if (g.tap_list != nullptr) {
      const float* first = g.a + g.tap_list[2 * t] + i0;
      THIMBLE_UNROLL
      for (int r = 0; r < R; ++r) a[r] = first + (m + r) * g.lda;
      b = panel + (g.tap_list[2 * t + 1] * g.k + i0) * kColumns;
    } else if (g.offsets == nullptr) {
      THIMBLE_UNROLL
      for (int r = 0; r < R; ++r) a[r] = g.a + (m + r) * g.lda + i0;
    } else {
      const int32_t* offsets = g.offsets + m * g.taps + t;
      THIMBLE_UNROLL
      for (int r = 0; r < R; ++r) {
        const int32_t o = offsets[r * g.taps];
        a[r] = (o < 0 ? g.zeros : g.a + o) + i0;
      }
    }
    const int64_t in_tap = (t + 1) * g.k - row, in_sweep = sweep.end - row;
    const int64_t count = in_tap < in_sweep ? in_tap : in_sweep;
    row += count;
    for (int64_t i = 0; i < count; ++i, b += kColumns) {
      F x[C];
      THIMBLE_UNROLL
      for (int v = 0; v < C; ++v) x[v] = load(b + v / kVecs * panel_floats + v % kVecs * kLanes);
      THIMBLE_UNROLL
      for (int r = 0; r < R; ++r) {
        const F y = set1(a[r][i]);
        THIMBLE_UNROLL
        for (int v = 0; v < C; ++v) sum[r][v] = fma(y, x[v], sum[r][v]);
      }
    }
  }
  const F lo = set1(g.lo), hi = set1(g.hi);
  THIMBLE_UNROLL
  for (int r = 0; r < R; ++r) {
    if (sweep.last) {
      THIMBLE_UNROLL
      for (int v = 0; v < C; ++v) sum[r][v] = clamp(sum[r][v], lo, hi);
      if (g.mask != nullptr) {
        F mask[C];
        load_row<C>(mask, g.mask + (m + r) * g.ldc + j, n);
        THIMBLE_UNROLL
        for (int v = 0; v < C; ++v) sum[r][v] = select((mask[v] > g.mask_lo) & (mask[v] < g.mask_hi), sum[r][v], F{});
      }
    }
    store_row<C>(g.c + (m + r) * g.ldc + j, sum[r], n);
  }
}

// The tiles of each number of rows: one register, one panel, several panels.
using Tile = void (*)(const GemmF32Args&, const Sweep&, int64_t m, int64_t j);
struct TileRow {
  Tile narrow, panel, wide;
  int panels;  // of wide
};
template <int R>
constexpr TileRow tile_row() {
  return {tile<R, 1>, tile<R, kVecs>, tile<R, kVecs * wide_panels(R)>, wide_panels(R)};
}
template <int... R>
struct TileRows {
  static constexpr TileRow rows[] = {tile_row<R>()...};
};
#if THIMBLE_LANES == 16
using Tiles = TileRows<1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14>;
#elif THIMBLE_LANES == 8
using Tiles = TileRows<1, 1, 2, 3, 4, 5, 6>;
#elif THIMBLE_LANES == 4
using Tiles = TileRows<1, 1, 2, 3, 4, 5, 6, 7, 8>;
#else
using Tiles = TileRows<1, 1, 2, 3, 4>;
#endif

// Rows per tile, so that all tiles of m rows are about equal.
THIMBLE_INLINE int64_t balanced_rows(int64_t m) {
  const int64_t tiles = (m + kMaxRows - 1) / kMaxRows;
  return (m + tiles - 1) / tiles;
}

void run(const GemmF32Args& g) {
  if (g.m <= 0 || g.n <= 0) return;
  const int64_t rows = g.taps * g.k, step = balanced_rows(g.m);
  const int64_t block = rows <= kBlockRows * 3 / 2 ? rows : kBlockRows;
  for (int64_t begin = 0; begin == 0 || begin<rows; begin += block> 0 ? block : 1) {
    const int64_t end = rows - begin < block ? rows : begin + block;
    const Sweep sweep = {begin, end, begin == 0, end == rows};
    int64_t group = kGroupFloats / ((end - begin + 1) * kColumns);  // panels swept together
    group = (group < 4 ? 4 : group) * kColumns;
    for (int64_t j0 = 0; j0 < g.n; j0 += group) {
      const int64_t j1 = g.n - j0 < group ? g.n : j0 + group;
      for (int64_t m = 0; m < g.m; m += step) {
        const TileRow& tiles = Tiles::rows[g.m - m < step ? g.m - m : step];
        for (int64_t j = j0; j < j1;) {
          if (j1 - j > (tiles.panels - 1) * kColumns + kLanes) {
            tiles.wide(g, sweep, m, j);
            j += tiles.panels * kColumns;
          } else {
            (j1 - j <= kLanes ? tiles.narrow : tiles.panel)(g, sweep, m, j);
            j += kColumns;
          }
        }
      }
    }
  }
}

// One square of y[j·ldy + i] = x[i·ldx + j]; of rows and columns so many exist, the others read 0.
// y gets `columns` runs of kLanes.
THIMBLE_INLINE void transpose_square(const float* x, int64_t rows, int64_t columns, int64_t ldx, float* y, int64_t ldy,
                                     int64_t run) {
  F v[kLanes];
  if (rows == kLanes && columns == kLanes) {
    THIMBLE_UNROLL
    for (int i = 0; i < kLanes; ++i) v[i] = load(x + i * ldx);
  } else {
    THIMBLE_UNROLL
    for (int i = 0; i < kLanes; ++i) v[i] = i < rows ? load_part(x + i * ldx, columns) : F{};
  }
  transpose(v);
  if (columns == kLanes && run == kLanes) {
    THIMBLE_UNROLL
    for (int j = 0; j < kLanes; ++j) store(y + j * ldy, v[j]);
  } else {
    THIMBLE_UNROLL
    for (int j = 0; j < kLanes; ++j)
      if (j < columns) store_part(y + j * ldy, v[j], run);
  }
}

void turn(const float* x, int64_t rows, int64_t columns, int64_t ldx, float* y, int64_t ldy) {
  for (int64_t i = 0; i < rows; i += kLanes) {
    const int64_t height = rows - i < kLanes ? rows - i : kLanes;
    for (int64_t j = 0; j < columns; j += kLanes) {
      const int64_t width = columns - j < kLanes ? columns - j : kLanes;
      transpose_square(x + i * ldx + j, height, width, ldx, y + j * ldy + i, ldy, height);
    }
  }
}

void pack_b(const PackBArgs& p) {
  float* out = p.packed;
  for (int64_t j = 0; j < p.n; j += kColumns) {
    const int64_t columns = p.n - j < kColumns ? p.n - j : kColumns;
    const float* b = p.b + j * p.column_stride;
    if (p.column_stride == 1) {
      for (int64_t r = 0; r < p.rows; ++r, out += kColumns) {
        F row[kVecs];
        load_row<kVecs>(row, b + r * p.row_stride, columns);
        store_row<kVecs>(out, row, kColumns);
      }
    } else if (p.row_stride == 1) {
      for (int64_t r = 0; r < p.rows; r += kLanes) {
        const int64_t strip = p.rows - r < kLanes ? p.rows - r : kLanes;
        THIMBLE_UNROLL
        for (int v = 0; v < kVecs; ++v) {
          const int64_t left = columns - v * kLanes;
          transpose_square(b + r + v * kLanes * p.column_stride,
                           left < 0        ? 0
                           : left < kLanes ? left
                                           : kLanes,
                           strip, p.column_stride, out + r * kColumns + v * kLanes, kColumns, kLanes);
        }
      }
      out += p.rows * kColumns;
    } else {
      constexpr int64_t kStrip = 16;  // rows at a time: the lines of `out` stay in L1
      for (int64_t r0 = 0; r0 < p.rows; r0 += kStrip) {
        const int64_t strip = p.rows - r0 < kStrip ? p.rows - r0 : kStrip;
        for (int64_t c = 0; c < kColumns; ++c) {
          const float* from = b + r0 * p.row_stride + c * p.column_stride;
          for (int64_t r = 0; r < strip; ++r) out[r * kColumns + c] = c < columns ? from[r * p.row_stride] : 0.0f;
        }
        out += strip * kColumns;
      }
    }
  }
}

// Weight gradient, rows [i, i + R) of c (all of one tap, or any where kTaps) and C registers of
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
template <class Rows>
struct GradientTileRows;
template <int... R>
struct GradientTileRows<TileRows<R...>> {
  static constexpr GradientTileRow rows[] = {gradient_tile_row<R>()...};
};
using GradientTiles = GradientTileRows<Tiles>;

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

// R columns of one row, sixteen partial sums each.
constexpr int kPartial = 16, kPartialVecs = kPartial / kLanes;
template <int R>
THIMBLE_INLINE void dot_columns(const DotF32Args& g, const float* a, float* c, int64_t j) {
  F sum[R][kPartialVecs] = {};
  const float* b = g.b + j * g.k;
  int64_t i = 0;
  for (; i + kPartial <= g.k; i += kPartial) {
    THIMBLE_UNROLL
    for (int v = 0; v < kPartialVecs; ++v) {
      const F x = load(a + i + v * kLanes);
      THIMBLE_UNROLL
      for (int r = 0; r < R; ++r) sum[r][v] = fma(x, load(b + r * g.k + i + v * kLanes), sum[r][v]);
    }
  }
  THIMBLE_UNROLL
  for (int v = 0; v < kPartialVecs; ++v) {
    const int64_t left = g.k - i - v * kLanes, lanes = left < 0 ? 0 : left > kLanes ? kLanes : left;
    if (lanes == 0) break;
    const F x = load_part(a + i + v * kLanes, lanes);
    THIMBLE_UNROLL
    for (int r = 0; r < R; ++r) sum[r][v] = fma(x, load_part(b + r * g.k + i + v * kLanes, lanes), sum[r][v]);
  }
  for (int r = 0; r < R; ++r) {
    float s[kPartial];
    THIMBLE_UNROLL
    for (int v = 0; v < kPartialVecs; ++v) store(s + v * kLanes, sum[r][v]);
    for (int half = kPartial / 2; half > 0; half /= 2)
      for (int l = 0; l < half; ++l) s[l] += s[l + half];
    const float y = s[0] + (g.bias != nullptr ? g.bias[j + r] : 0.0f);
    c[j + r] = y < g.lo ? g.lo : y > g.hi ? g.hi : y;
  }
}

void dot(const DotF32Args& g) {
  constexpr int kAtOnce = 8 / kPartialVecs > 0 ? 8 / kPartialVecs : 1;
  for (int64_t m = 0; m < g.m; ++m) {
    const float* a = g.a + m * g.lda;
    float* c = g.c + m * g.ldc;
    int64_t j = 0;
    for (; j + kAtOnce <= g.n; j += kAtOnce) dot_columns<kAtOnce>(g, a, c, j);
    for (; j < g.n; ++j) dot_columns<1>(g, a, c, j);
  }
}

}  // namespace

void THIMBLE_FILL(gemm_f32)(GemmF32Kernels& table) {
  table.name = THIMBLE_ISA_STRING " " THIMBLE_STRING(THIMBLE_LANES);
  table.mr = kMaxRows;
  table.nr = kColumns;
  table.run = run;
  table.pack_b = pack_b;
  table.run_tn = run_tn;
  table.dot = dot;
  table.transpose = turn;
}

}  // namespace thimble
