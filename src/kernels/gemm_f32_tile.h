// What the float32 products and their weight gradient share: the size of a tile, and how its rows are loaded and
// stored.
#pragma once

#include "kernels/vec.h"

namespace thimble {
namespace {

// Tile: kMaxRows rows of one panel (kVecs registers) where there are many rows; few rows take
// several panels at once, so that enough independent sums are under way.
constexpr int kMaxRows = kLanes == 16 ? 14 : kLanes == 8 ? 6 : kLanes == 4 ? 8 : 4;
constexpr int kVecs = kLanes == 1 ? 4 : 2;
constexpr int kColumns = kVecs * kLanes;
constexpr int wide_panels(int rows) { return kMaxRows / rows >= 4 ? 4 : kMaxRows / rows >= 2 ? 2 : 1; }

// The numbers of rows that a tile may have; entry 0 stands for none.
template <int... R>
struct Heights {};
#if THIMBLE_LANES == 16
using TileHeights = Heights<1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14>;
#elif THIMBLE_LANES == 8
using TileHeights = Heights<1, 1, 2, 3, 4, 5, 6>;
#elif THIMBLE_LANES == 4
using TileHeights = Heights<1, 1, 2, 3, 4, 5, 6, 7, 8>;
#else
using TileHeights = Heights<1, 1, 2, 3, 4>;
#endif

// Rows per tile, so that all tiles of m rows are about equal.
THIMBLE_INLINE int64_t balanced_rows(int64_t m) {
  const int64_t tiles = (m + kMaxRows - 1) / kMaxRows;
  return (m + tiles - 1) / tiles;
}

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

}  // namespace
}  // namespace thimble
