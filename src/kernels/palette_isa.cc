// float32 products with weights of few values: codes of 4 bits become registers of weights by table look-ups of the
// instruction set; sums of one run of columns (two in tiles of halves) stay in registers over the whole sum.
#include "kernels/palette.h"

#include "kernels/f32_fill.h"
#include "kernels/vec.h"

namespace thimble {
namespace {

constexpr int kRun = static_cast<int>(kPaletteRun) / kLanes;  // registers of a run

// Look-up: from kPaletteRun bytes, the weights of their low or high halves. place(c) says which byte is column c.
#if THIMBLE_LANES == 16
// A permute looks only at four bits of an index.
class Lookup {
 public:
  explicit Lookup(const float* values) : table_(_mm512_loadu_ps(values)) {}
  static int place(int column) { return column; }
  void low(const uint8_t* p, F (&w)[kRun]) const {
    THIMBLE_UNROLL
    for (int v = 0; v < kRun; ++v) w[v] = (F)_mm512_permutexvar_ps(codes(p + v * kLanes), table_);
  }
  void high(const uint8_t* p, F (&w)[kRun]) const {
    THIMBLE_UNROLL
    for (int v = 0; v < kRun; ++v) w[v] = (F)_mm512_permutexvar_ps(_mm512_srli_epi32(codes(p + v * kLanes), 4), table_);
  }

 private:
  static __m512i codes(const uint8_t* p) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  __m512 table_;
};
#elif THIMBLE_LANES == 8
// One look-up per byte of the floats, then two rounds of interleaving; both stay within halves of a register, hence the
// order of columns. A permute of floats finds only eight values and is half as fast on some processors.
class Lookup {
 public:
  explicit Lookup(const float* values) {
    alignas(16) uint8_t bytes[4][16];
    for (int i = 0; i < 64; ++i) bytes[i % 4][i / 4] = reinterpret_cast<const uint8_t*>(values)[i];
    for (int b = 0; b < 4; ++b)
      table_[b] = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(bytes[b])));
  }
  static int place(int column) { return column % 8 / 4 * 16 + column / 8 * 4 + column % 4; }
  void low(const uint8_t* p, F (&w)[kRun]) const { expand(load_codes(p), w); }
  // A shift by multiplication: shifts share their ports with look-ups, multiplications do not.
  void high(const uint8_t* p, F (&w)[kRun]) const {
    expand(_mm256_mulhi_epu16(load_codes(p), _mm256_set1_epi16(1 << 12)), w);
  }

 private:
  static __m256i load_codes(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  void expand(__m256i codes, F (&w)[kRun]) const {
    codes = _mm256_and_si256(codes, _mm256_set1_epi8(15));
    const __m256i b0 = _mm256_shuffle_epi8(table_[0], codes), b1 = _mm256_shuffle_epi8(table_[1], codes);
    const __m256i b2 = _mm256_shuffle_epi8(table_[2], codes), b3 = _mm256_shuffle_epi8(table_[3], codes);
    const __m256i low01 = _mm256_unpacklo_epi8(b0, b1), low23 = _mm256_unpacklo_epi8(b2, b3);
    const __m256i high01 = _mm256_unpackhi_epi8(b0, b1), high23 = _mm256_unpackhi_epi8(b2, b3);
    w[0] = (F)_mm256_unpacklo_epi16(low01, low23);
    w[1] = (F)_mm256_unpackhi_epi16(low01, low23);
    w[2] = (F)_mm256_unpacklo_epi16(high01, high23);
    w[3] = (F)_mm256_unpackhi_epi16(high01, high23);
  }
  __m256i table_[4];
};
#elif THIMBLE_LANES == 4
// As with eight lanes, in registers of sixteen bytes.
class Lookup {
 public:
  explicit Lookup(const float* values) {
    uint8_t bytes[4][16];
    for (int i = 0; i < 64; ++i) bytes[i % 4][i / 4] = reinterpret_cast<const uint8_t*>(values)[i];
    for (int b = 0; b < 4; ++b) table_[b] = vld1q_u8(bytes[b]);
  }
  static int place(int column) { return column; }
  void low(const uint8_t* p, F (&w)[kRun]) const {
    for (int h = 0; h < 2; ++h) expand(vandq_u8(vld1q_u8(p + h * 16), vdupq_n_u8(15)), w + h * 4);
  }
  void high(const uint8_t* p, F (&w)[kRun]) const {
    for (int h = 0; h < 2; ++h) expand(vshrq_n_u8(vld1q_u8(p + h * 16), 4), w + h * 4);
  }

 private:
  void expand(uint8x16_t codes, F* w) const {
    const uint8x16x2_t low = vzipq_u8(vqtbl1q_u8(table_[0], codes), vqtbl1q_u8(table_[1], codes));
    const uint8x16x2_t high = vzipq_u8(vqtbl1q_u8(table_[2], codes), vqtbl1q_u8(table_[3], codes));
    for (int h = 0; h < 2; ++h) {
      const uint16x8x2_t pair = vzipq_u16(vreinterpretq_u16_u8(low.val[h]), vreinterpretq_u16_u8(high.val[h]));
      w[2 * h] = (F)pair.val[0];
      w[2 * h + 1] = (F)pair.val[1];
    }
  }
  uint8x16_t table_[4];
};
#else
class Lookup {
 public:
  explicit Lookup(const float* values) : values_(values) {}
  static int place(int column) { return column; }
  void low(const uint8_t* p, F (&w)[kRun]) const {
    for (int v = 0; v < kRun; ++v) w[v] = set1(values_[p[v] & 15]);
  }
  void high(const uint8_t* p, F (&w)[kRun]) const {
    for (int v = 0; v < kRun; ++v) w[v] = set1(values_[p[v] >> 4]);
  }

 private:
  const float* values_;
};
#endif

constexpr int kAhead = 4096;  // bytes that tiles with floats are fetched ahead: as one stream they arrive too late

// A tile of R rows: a run that is looked up and, with kHalf, one of floats.
template <int R, bool kHalf>
void tile(const PaletteF32Args& g, const Lookup& lookup, const uint8_t* b, int64_t j) {
  constexpr int kVecs = kHalf ? 2 * kRun : kRun, kColumns = kVecs * kLanes;
  constexpr int kPairBytes = static_cast<int>(palette_tile_bytes(2, kHalf));
  const int64_t left = g.n - j, columns = left < kColumns ? left : kColumns;
  float row[kColumns] = {};
  if (g.bias != nullptr) __builtin_memcpy(row, g.bias + j, static_cast<size_t>(columns) * sizeof(float));
  F sum[R][kVecs];
  THIMBLE_UNROLL
  for (int r = 0; r < R; ++r) {
    THIMBLE_UNROLL
    for (int v = 0; v < kVecs; ++v) sum[r][v] = load(row + v * kLanes);
  }
  const auto step = [&](const F(&w)[kRun], [[maybe_unused]] const float* floats, int64_t i)
      __attribute__((always_inline)) {
    THIMBLE_UNROLL
    for (int r = 0; r < R; ++r) {
      const F x = set1(g.a[r * g.lda + i]);
      THIMBLE_UNROLL
      for (int v = 0; v < kRun; ++v) sum[r][v] = fma(x, w[v], sum[r][v]);
      if constexpr (kHalf) {
        THIMBLE_UNROLL
        for (int v = 0; v < kRun; ++v) sum[r][kRun + v] = fma(x, load(floats + v * kLanes), sum[r][kRun + v]);
      }
    }
  };
  F w[kRun];
  for (int64_t i = 0; i < g.k; i += 2, b += kPairBytes) {
    if constexpr (kHalf) {
      THIMBLE_UNROLL
      for (int ahead = 0; ahead < kPairBytes; ahead += 64) __builtin_prefetch(b + kAhead + ahead);
    }
    const auto* floats = reinterpret_cast<const float*>(b + kPaletteRun);
    lookup.low(b, w);
    step(w, floats, i);
    if (i + 1 == g.k) break;
    lookup.high(b, w);
    step(w, floats + kPaletteRun, i + 1);
  }
  const F lo = set1(g.lo), hi = set1(g.hi);
  THIMBLE_UNROLL
  for (int r = 0; r < R; ++r) {
    float* c = g.c + r * g.ldc + j;
    THIMBLE_UNROLL
    for (int v = 0; v < kVecs; ++v) store(row + v * kLanes, sum[r][v]);
    for_runs(columns, [&](int64_t i, auto run) { store(c + i, clamp(load(row + i), lo, hi), run); });
  }
}

void run(const PaletteF32Args& g) {
  if (g.m <= 0) return;
  const Lookup lookup(g.values);
  const uint8_t* b = g.b;
  int64_t j = 0;
  if (g.half)
    for (const int64_t bytes = palette_tile_bytes(g.k, true); g.n - j > kPaletteRun; j += 2 * kPaletteRun, b += bytes)
      tile<1, true>(g, lookup, b, j);
  constexpr void (*kTiles[])(const PaletteF32Args&, const Lookup&, const uint8_t*, int64_t) = {
      tile<1, false>, tile<2, false>, tile<3, false>, tile<4, false>};
  for (const int64_t bytes = palette_tile_bytes(g.k, false); j < g.n; j += kPaletteRun, b += bytes)
    kTiles[g.m - 1](g, lookup, b, j);
}

void pack(const PalettePackArgs& p) {
  uint8_t* out = p.packed;
  const auto code = [&](int64_t j, int64_t i) { return j < p.n && i < p.k ? p.codes[j * p.k + i] : uint8_t{0}; };
  for (int64_t j = 0; j < p.n;) {
    const bool half = p.half && p.n - j > kPaletteRun;
    for (int64_t i = 0; i < p.k; i += 2, out += palette_tile_bytes(2, half)) {
      for (int c = 0; c < kPaletteRun; ++c)
        out[Lookup::place(c)] = static_cast<uint8_t>(code(j + c, i) | code(j + c, i + 1) << 4);
      if (!half) continue;
      auto* floats = reinterpret_cast<float*>(out + kPaletteRun);
      for (int s = 0; s < 2; ++s)
        for (int c = 0; c < kPaletteRun; ++c) *floats++ = p.values[code(j + kPaletteRun + c, i + s)];
    }
    j += palette_columns(half);
  }
}

}  // namespace

void THIMBLE_FILL(palette)(PaletteKernels& table) {
  table.f32 = run;
  table.pack = pack;
#if THIMBLE_LANES == 8
  constexpr int64_t kKilobyte = 1024, kMegabyte = 1024 * 1024;
  static constexpr PaletteCost costs[] = {
      {.rows = 1, .bytes = 160 * kKilobyte, .dense = 67, .all = 77, .half = 53},
      {.rows = 1, .bytes = 2 * kMegabyte, .dense = 60, .all = 76, .half = 52},
      {.rows = 1, .bytes = 8 * kMegabyte, .dense = 90, .all = 76, .half = 65},
      {.rows = 1, .bytes = 32 * kMegabyte, .dense = 175, .all = 78, .half = 160},
      {.rows = 2, .bytes = 32 * kMegabyte, .dense = 190, .all = 102, .half = 0},
      {.rows = 3, .bytes = 32 * kMegabyte, .dense = 230, .all = 143, .half = 0},
      {.rows = 4, .bytes = 32 * kMegabyte, .dense = 240, .all = 170, .half = 0},
  };
  table.costs = costs;
#endif
}

}  // namespace thimble
