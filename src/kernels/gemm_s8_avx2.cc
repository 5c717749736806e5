// int8 matrix products, AVX2: bytes are widened to 16 bits and multiplied in pairs by vpmaddwd, which
// is exact (the byte form vpmaddubsw would saturate). B is packed as int16: per group of four rows
// one vector of rows 0 and 2, one of rows 1 and 3.
#include "kernels/s8_avx2.h"
#include "kernels/s8_fill.h"

namespace thimble {
namespace {

struct S8 : S8Avx2Base {
  static constexpr int kGroupBytes = 64;
  struct A {
    __m256i even, odd;
  };
  using B = const int8_t*;  // used as a memory operand: registers are scarce

  static void pack_group(int8_t* out, int lane, const int8_t w[4]) {
    const int16_t even[2] = {w[0], w[2]}, odd[2] = {w[1], w[3]};
    __builtin_memcpy(out + lane * 4, even, 4);
    __builtin_memcpy(out + 32 + lane * 4, odd, 4);
  }
  static A load_a(const uint8_t* x) {
    int32_t four;
    __builtin_memcpy(&four, x, 4);
    const __m256i bytes = _mm256_set1_epi32(four);
    return {_mm256_and_si256(bytes, _mm256_set1_epi32(0x00FF00FF)), _mm256_srli_epi16(bytes, 8)};
  }
  static B load_b(const int8_t* b) { return b; }
  static I dot(I acc, A a, B b) {
    const auto* w = reinterpret_cast<const __m256i*>(b);
    acc = _mm256_add_epi32(acc, _mm256_madd_epi16(a.even, _mm256_loadu_si256(w)));
    return _mm256_add_epi32(acc, _mm256_madd_epi16(a.odd, _mm256_loadu_si256(w + 1)));
  }

  // Sparse weights: rows 0 and 2 of a group as int16, then 1 and 3.
  static constexpr int kSparseVectors = 4, kWeightBytes = 8;
  struct W {
    __m256i even, odd;
  };
  static void pack_weights(const int8_t w[4], int8_t* out) {
    const int16_t pairs[4] = {w[0], w[2], w[1], w[3]};
    __builtin_memcpy(out, pairs, 8);
  }
  static W load_w(const int8_t* w) {
    int32_t pairs[2];
    __builtin_memcpy(pairs, w, 8);
    return {_mm256_set1_epi32(pairs[0]), _mm256_set1_epi32(pairs[1])};
  }
  static I dot_rows(I acc, const uint8_t* x, W w) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
    const __m256i even = _mm256_and_si256(bytes, _mm256_set1_epi32(0x00FF00FF)), odd = _mm256_srli_epi16(bytes, 8);
    acc = _mm256_add_epi32(acc, _mm256_madd_epi16(even, w.even));
    return _mm256_add_epi32(acc, _mm256_madd_epi16(odd, w.odd));
  }
};

}  // namespace
}  // namespace thimble

#include "kernels/gemm_s8_x86.h"
#include "kernels/sparse_s8_x86.h"

namespace thimble {

void fill_gemm_s8_avx2(GemmS8Kernels& table) { fill(table, "avx2 4x16"); }
void fill_sparse_s8_avx2(SparseKernels& table) {
  fill_sparse(table, {.entry = 1.2, .start = 13, .turn = 2.2, .most = 32}, sparse_row_avx2, {.entry = 6, .column = 30});
}

}  // namespace thimble
