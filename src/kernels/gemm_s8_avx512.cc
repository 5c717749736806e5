// int8 matrix products, AVX-512 without VNNI: bytes are widened to 16 bits and multiplied in pairs by
// vpmaddwd, which is exact (the byte form vpmaddubsw would saturate). B is packed as int16: per
// group of four rows one vector of rows 0 and 2, one of rows 1 and 3.
#include "kernels/s8_avx512.h"
#include "kernels/s8_fill.h"

namespace thimble {
namespace {

struct S8 : S8Avx512Base {
  static constexpr int kGroupBytes = 128;
  struct A {
    __m512i even, odd;
  };
  struct B {
    __m512i even, odd;
  };

  static void pack_group(int8_t* out, int lane, const int8_t w[4]) {
    const int16_t even[2] = {w[0], w[2]}, odd[2] = {w[1], w[3]};
    __builtin_memcpy(out + lane * 4, even, 4);
    __builtin_memcpy(out + 64 + lane * 4, odd, 4);
  }
  static A load_a(const uint8_t* x) {
    const __m512i bytes = broadcast4(x);
    return {_mm512_and_si512(bytes, _mm512_set1_epi32(0x00FF00FF)), _mm512_srli_epi16(bytes, 8)};
  }
  static B load_b(const int8_t* b) { return {_mm512_loadu_si512(b), _mm512_loadu_si512(b + 64)}; }
  static I dot(I acc, A a, B b) {
    acc = _mm512_add_epi32(acc, _mm512_madd_epi16(a.even, b.even));
    return _mm512_add_epi32(acc, _mm512_madd_epi16(a.odd, b.odd));
  }

  // Sparse weights: rows 0 and 2 of a group as int16, then 1 and 3.
  static constexpr int kSparseVectors = 8, kWeightBytes = 8;
  struct W {
    __m512i even, odd;
  };
  static void pack_weights(const int8_t w[4], int8_t* out) {
    const int16_t pairs[4] = {w[0], w[2], w[1], w[3]};
    __builtin_memcpy(out, pairs, 8);
  }
  static W load_w(const int8_t* w) {
    int32_t pairs[2];
    __builtin_memcpy(pairs, w, 8);
    return {_mm512_set1_epi32(pairs[0]), _mm512_set1_epi32(pairs[1])};
  }
  static I dot_rows(I acc, const uint8_t* x, W w) {
    const __m512i bytes = _mm512_loadu_si512(x);
    const __m512i even = _mm512_and_si512(bytes, _mm512_set1_epi32(0x00FF00FF)), odd = _mm512_srli_epi16(bytes, 8);
    acc = _mm512_add_epi32(acc, _mm512_madd_epi16(even, w.even));
    return _mm512_add_epi32(acc, _mm512_madd_epi16(odd, w.odd));
  }
};

}  // namespace
}  // namespace thimble

#include "kernels/gemm_s8_x86.h"
#include "kernels/sparse_s8_x86.h"

namespace thimble {

void fill_gemm_s8_avx512(GemmS8Kernels& table) { fill(table, "avx512 6x64"); }
void fill_sparse_s8_avx512(SparseKernels& table) {
  fill_sparse(table, {.entry = 1.1, .start = 22, .turn = 3, .most = 128}, sparse_row_avx2, {.entry = 13, .column = 60});
}

}  // namespace thimble
