// int8 products with sparse weights of the x86 tables, over the vector operations of gemm_s8_x86.h: each entry is four
// weights, broadcast, against four activations of every row.
#pragma once

#include <immintrin.h>

#include "kernels/gemm_s8_x86.h"
#include "kernels/sparse.h"

namespace thimble {
namespace {

template <int V>
void sparse_columns(const SparseS8Args& g, int64_t p) {
  const uint8_t* a = g.a + p * 4;
  for (int64_t j = 0; j < g.n; ++j) {
    S8::I sum[V];
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) sum[v] = S8::set(g.bias[j]);
    for (int64_t e = g.begin[j], end = g.begin[j + 1]; e < end; ++e) {
      const S8::W w = S8::load_w(g.value + e * S8::kWeightBytes);
      const uint8_t* x = a + int64_t{4} * g.offset[e];
#pragma GCC unroll 16
      for (int v = 0; v < V; ++v) sum[v] = S8::dot_rows(sum[v], x + v * S8::kLanes * 4, w);
    }
    int32_t* c = g.c + j * g.ldc + p;
#pragma GCC unroll 16
    for (int v = 0; v < V; ++v) S8::store(c + v * S8::kLanes, sum[v]);
  }
}

template <int V>
int64_t sparse_sweep(const SparseS8Args& g, int64_t p) {
  if constexpr (V > 0 && V * S8::kLanes >= kSparseRows) {
    for (; g.m - p >= V * S8::kLanes; p += V * S8::kLanes) sparse_columns<V>(g, p);
    return sparse_sweep<V / 2>(g, p);
  }
  return p;
}

void run_sparse(const SparseS8Args& g) { sparse_sweep<S8::kSparseVectors>(g, 0); }

// Sixteen products at a time, widened to int16: exact in AVX2.
[[maybe_unused]] void sparse_row_avx2(const SparseRowS8Args& g) {
  for (int64_t j = 0; j < g.n; ++j) {
    __m256i sum = _mm256_setzero_si256();
    for (int64_t e = g.begin[j], end = g.begin[j + 1]; e < end; ++e) {
      const auto* x = reinterpret_cast<const __m128i*>(g.a + int64_t{16} * g.block[e]);
      const auto* w = reinterpret_cast<const __m128i*>(g.value + e * 16);
      sum = _mm256_add_epi32(
          sum, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128(x)), _mm256_cvtepi8_epi16(_mm_loadu_si128(w))));
    }
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1));
    g.c[j] = wrap_add(g.bias[j], _mm_cvtsi128_si32(four));
  }
}

void requantise_rows(const GemmS8Args& a, const int32_t* sums, int64_t lds) {
  if (a.requant.scale != nullptr) {
    const RequantArgs r = a.requant;  // a copy: the compiler sees that stores do not change it
    for (int64_t m = 0; m < a.m; ++m) {
      uint8_t* out = a.c_quantized + m * a.ldc;
      const int32_t* sum = sums + m * lds;
      for (int64_t j = 0; j < a.n; ++j) out[j] = requantise_byte_in_double(sum[j], r, j);
    }
    return;
  }
  for (int64_t j = 0; j < a.n; j += S8::kLanes) {
    const S8::Requant q(a.requant, j, a.n - j);
    for (int64_t m = 0; m < a.m; ++m) {
      const S8::I sum = S8::load(sums + m * lds + j);  // up to kLanes − 1 numbers beyond the last sum
      if (a.n - j >= S8::kLanes)
        q.store_full(a.c_quantized + m * a.ldc + j, sum);
      else
        q.store_part(a.c_quantized + m * a.ldc + j, sum, static_cast<int>(a.n - j));
    }
  }
}

[[maybe_unused]] void fill_sparse(SparseKernels& table, SparseCost cost, void (*row)(const SparseRowS8Args&),
                                  SparseRowCost row_cost) {
  table.row_s8 = row;
  table.row_s8_cost = row_cost;
  table.s8 = run_sparse;
  table.pack_group = S8::pack_weights;
  table.group_bytes = S8::kWeightBytes;
  table.requantise = requantise_rows;
  table.s8_cost = cost;
}

}  // namespace
}  // namespace thimble
