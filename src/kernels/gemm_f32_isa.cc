// float32 matrix products on registers of kLanes floats. A tile of R rows and C registers of
// columns stays in registers over the whole sum: each step loads C registers of packed B and
// broadcasts one float of each A run. A is never packed or copied.
#include "kernels/gemm_f32.h"

#include "kernels/f32_fill.h"
#include "kernels/gemm_f32_tile.h"

namespace thimble {
namespace {

constexpr int64_t kBlockRows = 2048;         // rows of B in one sweep; longer sums go through c
constexpr int64_t kGroupFloats = 96 * 1024;  // packed B swept per row of tiles: stays in L2

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
template <class>
struct TileRows;
template <int... R>
struct TileRows<Heights<R...>> {
  static constexpr TileRow rows[] = {tile_row<R>()...};
};
using Tiles = TileRows<TileHeights>;

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
  table.dot = dot;
  table.transpose = turn;
}

}  // namespace thimble
