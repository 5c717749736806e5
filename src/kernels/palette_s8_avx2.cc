// int8 weights of few values, one row: 64 codes are two groups of four steps for eight columns. Bytes that are looked
// up meet four activations, broadcast, in products of unsigned and signed bytes, of which two are added in 16 bits.
#include <immintrin.h>

#include "kernels/s8_fill.h"

namespace thimble {
namespace {

constexpr int kVectors = 2, kColumns = 8 * kVectors;

// A pair of products fits while values stay within ±64 (2 · 255 · 64 < 2¹⁵); others are the sum of two that do.
struct Table {
  __m256i first, second;

  Table(const int8_t* values, bool halves) {
    alignas(16) int8_t a[kPaletteValues], b[kPaletteValues];
    for (int i = 0; i < kPaletteValues; ++i) {
      a[i] = static_cast<int8_t>(halves ? values[i] / 2 : values[i]);
      b[i] = static_cast<int8_t>(values[i] - a[i]);
    }
    first = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(a)));
    second = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(b)));
  }
};

inline __m256i dot(__m256i sum, __m256i x, __m256i w) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(x, w), _mm256_set1_epi16(1)));
}

inline __m256i four(const uint8_t* a) {
  int32_t bytes;
  __builtin_memcpy(&bytes, a, sizeof bytes);
  return _mm256_set1_epi32(bytes);
}

template <bool kHalves>
void run_tiles(const PaletteS8Args& g, const Table& table) {
  const __m256i low = _mm256_set1_epi8(15);
  uint8_t rest[8] = {};  // the last steps: what is not there is 0, whatever its code
  const int64_t whole = g.k / 8 * 8;
  __builtin_memcpy(rest, g.a + whole, static_cast<size_t>(g.k - whole));
  const uint8_t* b = g.b;
  for (int64_t j = 0; j < g.n; j += kColumns) {
    __m256i sum[2][kVectors] = {};
    for (int64_t i = 0; i < g.k; i += 8, b += 32 * kVectors) {
      const uint8_t* a = i < whole ? g.a + i : rest;
      const __m256i x[2] = {four(a), four(a + 4)};
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        const __m256i codes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + 32 * v));
        const __m256i group[2] = {_mm256_and_si256(codes, low), _mm256_and_si256(_mm256_srli_epi16(codes, 4), low)};
#pragma GCC unroll 2
        for (int h = 0; h < 2; ++h) {
          sum[0][v] = dot(sum[0][v], x[h], _mm256_shuffle_epi8(table.first, group[h]));
          if constexpr (kHalves) sum[1][v] = dot(sum[1][v], x[h], _mm256_shuffle_epi8(table.second, group[h]));
        }
      }
    }
    int32_t bias[kColumns] = {};
    const int64_t columns = g.n - j < kColumns ? g.n - j : kColumns;
    __builtin_memcpy(bias, g.bias + j, static_cast<size_t>(columns) * sizeof(int32_t));
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const __m256i start = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bias + 8 * v));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(g.c + j + 8 * v),
                          _mm256_add_epi32(start, _mm256_add_epi32(sum[0][v], sum[1][v])));
    }
  }
}

void run(const PaletteS8Args& g) {
  bool halves = false;
  for (int i = 0; i < kPaletteValues; ++i) halves |= g.values[i] > 64 || g.values[i] < -64;
  halves ? run_tiles<true>(g, Table(g.values, true)) : run_tiles<false>(g, Table(g.values, false));
}

void pack(const uint8_t* codes, int64_t n, int64_t k, uint8_t* packed) {
  const auto code = [&](int64_t j, int64_t i) { return j < n && i < k ? codes[j * k + i] : uint8_t{0}; };
  for (int64_t j0 = 0; j0 < n; j0 += kColumns)
    for (int64_t i = 0; i < k; i += 8)
      for (int64_t j = j0; j < j0 + kColumns; ++j)
        for (int64_t q = i; q < i + 4; ++q) *packed++ = static_cast<uint8_t>(code(j, q) | code(j, q + 4) << 4);
}

}  // namespace

void fill_palette_s8_avx2(PaletteKernels& table) {
  constexpr int64_t kThousand = 1024, kMillion = 1024 * 1024;
  static constexpr PaletteS8Cost costs[] = {
      {.weights = 64 * kThousand, .dense = 36, .small = 30, .any = 40},
      {.weights = kMillion, .dense = 33, .small = 18, .any = 30},
      {.weights = 4 * kMillion, .dense = 65, .small = 20, .any = 35},
  };
  table.s8 = run;
  table.pack_s8 = pack;
  table.s8_costs = costs;
}

}  // namespace thimble
