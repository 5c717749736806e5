// The int8 matrix product of the x86 tables, written once over a small set of vector operations
// (s8_avx2.h, s8_avx512.h) and compiled once per instruction set, with internal linkage.
//
// Packed B: panels of kPanelVectors vectors of columns (the last one as narrow as n allows), in each
// panel [tap][group of 4 rows][vector] with `kGroupBytes` per vector; rows beyond k and columns
// beyond n are zero. Activations are read where they lie: per tap one pointer per row, four bytes at
// a time, broadcast to all columns. Sums are int32 and wrap, so their order is free.
//
// A tile of kRows × kVectors accumulators lives in registers, passes through a small buffer on the
// stack, and is then requantised vector by vector: the epilogue is compiled once, not per tile.
#pragma once

#include <cstdint>

#include "kernels/s8_scalar.h"

namespace thimble {
namespace {

constexpr int kPanelVectors = S8::kPanelVectors;
constexpr int kPanelColumns = kPanelVectors * S8::kLanes;
constexpr int kMaxRows = 12;

inline int64_t groups_of(int64_t k) { return (k + 3) / 4; }
inline int64_t vectors_of(int64_t n) { return (n + S8::kLanes - 1) / S8::kLanes; }

int64_t packed_b_bytes(int64_t n, int64_t k, int64_t taps) {
  return vectors_of(n) * taps * groups_of(k) * S8::kGroupBytes;
}

void pack_b(const PackBS8Args& p) {
  int8_t* out = p.packed;
  for (int64_t j0 = 0; j0 < p.n; j0 += kPanelColumns) {
    const int64_t rest = vectors_of(p.n - j0);
    const int64_t columns = (rest < kPanelVectors ? rest : kPanelVectors) * S8::kLanes;
    for (int64_t t = 0; t < p.taps; ++t) {
      for (int64_t i0 = 0; i0 < p.k; i0 += 4) {
        for (int64_t v0 = j0; v0 < j0 + columns; v0 += S8::kLanes, out += S8::kGroupBytes) {
          for (int64_t j = v0; j < v0 + S8::kLanes; ++j) {
            int8_t w[4] = {};
            for (int64_t i = i0; i < i0 + 4 && i < p.k && j < p.n; ++i)
              w[i - i0] = p.b[j * p.column_stride + t * p.tap_stride + i * p.row_stride];
            S8::pack_group(out, static_cast<int>(j - v0), w);
          }
        }
      }
    }
  }
}

// sums[r][v][lane] for rows m0 … m0 + kRows of one panel; bias holds kVectors · kLanes values.
template <int kRows, int kVectors>
void tile(const GemmS8Args& a, int64_t m0, const int8_t* panel, const int32_t* bias, int32_t* sums) {
  // Few accumulators would wait for each other: they are doubled, over alternating groups.
  constexpr int kChains = kRows * kVectors >= 8 ? 1 : kRows * kVectors >= 4 ? 2 : 4;
  constexpr int kStep = kVectors * S8::kGroupBytes;
  S8::I acc[kChains][kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) acc[0][r][v] = S8::load(bias + v * S8::kLanes);
#pragma GCC unroll 16
  for (int u = 1; u < kChains; ++u)
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) acc[u][r][v] = S8::zero();

  const int64_t groups = groups_of(a.k);
  for (int64_t t = 0; t < a.taps; ++t) {
    const uint8_t* run[kRows];
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) run[r] = run_of(a, m0 + r, t);
    int64_t g = 0;
    for (; g + kChains <= groups; g += kChains, panel += kChains * kStep) {
#pragma GCC unroll 16
      for (int u = 0; u < kChains; ++u) {
        S8::B b[kVectors];
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) b[v] = S8::load_b(panel + u * kStep + v * S8::kGroupBytes);
#pragma GCC unroll 16
        for (int r = 0; r < kRows; ++r) {
          const S8::A x = S8::load_a(run[r] + (g + u) * 4);
#pragma GCC unroll 16
          for (int v = 0; v < kVectors; ++v) acc[u][r][v] = S8::dot(acc[u][r][v], x, b[v]);
        }
      }
    }
    if constexpr (kChains > 1) {
      for (; g < groups; ++g, panel += kStep) {
#pragma GCC unroll 16
        for (int r = 0; r < kRows; ++r) {
          const S8::A x = S8::load_a(run[r] + g * 4);
#pragma GCC unroll 16
          for (int v = 0; v < kVectors; ++v)
            acc[0][r][v] = S8::dot(acc[0][r][v], x, S8::load_b(panel + v * S8::kGroupBytes));
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int u = 1; u < kChains; ++u)
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) acc[0][r][v] = S8::add(acc[0][r][v], acc[u][r][v]);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) S8::store(sums + (r * kVectors + v) * S8::kLanes, acc[0][r][v]);
}

struct TileChoice {
  int rows;
  void (*run)(const GemmS8Args&, int64_t, const int8_t*, const int32_t*, int32_t*);
};

// The tiles of a panel of `vectors` vectors, tallest first; the last one has a single row.
inline const TileChoice* tiles_of(int64_t vectors) {
  if constexpr (S8::kPanelVectors == 4) {
    static constexpr TileChoice four[] = {{6, tile<6, 4>}, {5, tile<5, 4>}, {4, tile<4, 4>},
                                          {3, tile<3, 4>}, {2, tile<2, 4>}, {1, tile<1, 4>}};
    static constexpr TileChoice three[] = {{8, tile<8, 3>}, {4, tile<4, 3>}, {2, tile<2, 3>}, {1, tile<1, 3>}};
    static constexpr TileChoice two[] = {{12, tile<12, 2>}, {6, tile<6, 2>}, {3, tile<3, 2>}, {1, tile<1, 2>}};
    static constexpr TileChoice one[] = {{12, tile<12, 1>}, {6, tile<6, 1>}, {3, tile<3, 1>}, {1, tile<1, 1>}};
    return vectors == 4 ? four : vectors == 3 ? three : vectors == 2 ? two : one;
  } else {
    static constexpr TileChoice two[] = {{4, tile<4, 2>}, {2, tile<2, 2>}, {1, tile<1, 2>}};
    static constexpr TileChoice one[] = {{6, tile<6, 1>}, {3, tile<3, 1>}, {1, tile<1, 1>}};
    return vectors == 2 ? two : one;
  }
}

struct RequantEpilogue {
  S8::Requant constants[kPanelVectors];

  RequantEpilogue(const GemmS8Args& a, int64_t j0, int vectors) {
    for (int v = 0; v < vectors; ++v) {
      const int64_t j = j0 + v * S8::kLanes;
      constants[v] = S8::Requant(a.requant, j, a.n - j);
    }
  }
  void rows(const GemmS8Args& a, int64_t m0, int rows, int64_t j0, int vectors, const int32_t* sums) const {
    for (int v = 0; v < vectors; ++v) {
      const int64_t j = j0 + v * S8::kLanes;
      const S8::Requant q = constants[v];
      uint8_t* out = a.c_quantized + m0 * a.ldc + j;
      const int32_t* sum = sums + v * S8::kLanes;
      if (a.n - j >= S8::kLanes) {
        for (int r = 0; r < rows; ++r) q.store_full(out + r * a.ldc, S8::load(sum + r * vectors * S8::kLanes));
      } else {
        for (int r = 0; r < rows; ++r)
          q.store_part(out + r * a.ldc, S8::load(sum + r * vectors * S8::kLanes), static_cast<int>(a.n - j));
      }
    }
  }
};

// Dense layers: few columns, and a loop that the compiler vectorises.
struct DoubleEpilogue {
  DoubleEpilogue(const GemmS8Args&, int64_t, int) {}
  void rows(const GemmS8Args& a, int64_t m0, int rows, int64_t j0, int vectors, const int32_t* sums) const {
    const int64_t columns = a.n - j0 < vectors * S8::kLanes ? a.n - j0 : vectors * S8::kLanes;
    for (int r = 0; r < rows; ++r) {
      uint8_t* out = a.c_quantized + (m0 + r) * a.ldc + j0;
      const int32_t* sum = sums + r * vectors * S8::kLanes;
      for (int64_t j = 0; j < columns; ++j) out[j] = requantise_byte_in_double(sum[j], a.requant, j0 + j);
    }
  }
};

struct DequantEpilogue {
  DequantEpilogue(const GemmS8Args&, int64_t, int) {}
  void rows(const GemmS8Args& a, int64_t m0, int rows, int64_t j0, int vectors, const int32_t* sums) const {
    for (int v = 0; v < vectors; ++v) {
      const int64_t j = j0 + v * S8::kLanes;
      const S8::Dequant d(a, j, a.n - j);
      for (int r = 0; r < rows; ++r)
        d.store(a, a.c_float + (m0 + r) * a.ldc + j, m0 + r, S8::load(sums + (r * vectors + v) * S8::kLanes));
    }
  }
};

template <class Epilogue>
void run(const GemmS8Args& a) {
  const int64_t vector_bytes = a.taps * groups_of(a.k) * S8::kGroupBytes;
  const int64_t total = vectors_of(a.n);
  // Rows per block: what several panels read again should still be near.
  int64_t block = a.m;
  if (total > kPanelVectors) {
    const int64_t row_bytes = a.k + 1;
    block = (int64_t{128} * 1024 / row_bytes / kMaxRows + 1) * kMaxRows;
  }
  alignas(64) int32_t bias[kPanelColumns];
  alignas(64) int32_t sums[24 * S8::kLanes > kMaxRows * 2 * S8::kLanes ? 24 * S8::kLanes : kMaxRows * 2 * S8::kLanes];
  for (int64_t m_begin = 0; m_begin < a.m; m_begin += block) {
    const int64_t m_end = m_begin + block < a.m ? m_begin + block : a.m;
    for (int64_t v0 = 0; v0 < total; v0 += kPanelVectors) {
      const int64_t j0 = v0 * S8::kLanes;
      const int vectors = static_cast<int>(total - v0 < kPanelVectors ? total - v0 : kPanelVectors);
      for (int64_t j = 0; j < vectors * S8::kLanes; ++j) bias[j] = j0 + j < a.n ? a.bias[j0 + j] : 0;
      const Epilogue epilogue(a, j0, vectors);
      const int8_t* panel = a.b + v0 * vector_bytes;
      const TileChoice* choice = tiles_of(vectors);
      for (int64_t m = m_begin; m < m_end;) {
        while (choice->rows > m_end - m) ++choice;
        choice->run(a, m, panel, bias, sums);
        epilogue.rows(a, m, choice->rows, j0, vectors, sums);
        m += choice->rows;
      }
    }
  }
}

void run_requant(const GemmS8Args& a) { a.requant.scale ? run<DoubleEpilogue>(a) : run<RequantEpilogue>(a); }

void fill(GemmS8Kernels& table, const char* name) {
  table.name = name;
  table.mr = S8::kPanelVectors == 4 ? 12 : 4;
  table.nr = kPanelColumns;
  table.run_requant = run_requant;
  table.run_dequant = run<DequantEpilogue>;
  table.pack_b = pack_b;
  table.packed_b_bytes = packed_b_bytes;
  table.flip = flip_bytes;
}

}  // namespace
}  // namespace thimble
