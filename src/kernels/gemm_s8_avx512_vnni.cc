// int8 matrix products, AVX-512 with VNNI: vpdpbusd multiplies four unsigned activations by four
// signed weights per lane and adds them to int32, without saturation.
#include "kernels/s8_avx512.h"
#include "kernels/s8_fill.h"

namespace thimble {
namespace {

struct S8 : S8Avx512Base {
  static constexpr int kGroupBytes = 64;
  using A = __m512i;
  using B = __m512i;

  static void pack_group(int8_t* out, int lane, const int8_t w[4]) {
    for (int i = 0; i < 4; ++i) out[lane * 4 + i] = w[i];
  }
  static A load_a(const uint8_t* x) { return broadcast4(x); }
  static B load_b(const int8_t* b) { return _mm512_loadu_si512(b); }
  static I dot(I acc, A a, B b) { return _mm512_dpbusd_epi32(acc, a, b); }

  static constexpr int kSparseVectors = 8, kWeightBytes = 4;
  using W = __m512i;
  static void pack_weights(const int8_t w[4], int8_t* out) { __builtin_memcpy(out, w, 4); }
  static W load_w(const int8_t* w) { return broadcast4(reinterpret_cast<const uint8_t*>(w)); }
  static I dot_rows(I acc, const uint8_t* x, W w) { return _mm512_dpbusd_epi32(acc, _mm512_loadu_si512(x), w); }
};

}  // namespace
}  // namespace thimble

#include "kernels/gemm_s8_x86.h"
#include "kernels/sparse_s8_x86.h"

namespace thimble {
namespace {

// Four blocks of sixteen side by side in a register.
void sparse_row(const SparseRowS8Args& g) {
  const auto block = [&](int64_t e) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(g.a + int64_t{16} * g.block[e]));
  };
  for (int64_t j = 0; j < g.n; ++j) {
    const int64_t end = g.begin[j + 1];
    int64_t e = g.begin[j];
    __m512i sum = _mm512_setzero_si512();
    for (; e + 4 <= end; e += 4) {
      __m512i x = _mm512_castsi128_si512(block(e));
      x = _mm512_inserti32x4(x, block(e + 1), 1);
      x = _mm512_inserti32x4(x, block(e + 2), 2);
      x = _mm512_inserti32x4(x, block(e + 3), 3);
      sum = _mm512_dpbusd_epi32(sum, x, _mm512_loadu_si512(g.value + e * 16));
    }
    for (; e < end; ++e) {
      const __m128i w = _mm_loadu_si128(reinterpret_cast<const __m128i*>(g.value + e * 16));
      sum = _mm512_dpbusd_epi32(sum, _mm512_zextsi128_si512(block(e)), _mm512_zextsi128_si512(w));
    }
    g.c[j] = wrap_add(g.bias[j], _mm512_reduce_add_epi32(sum));
  }
}

}  // namespace

void fill_gemm_s8_avx512_vnni(GemmS8Kernels& table) { fill(table, "avx512_vnni 6x64"); }
void fill_sparse_s8_avx512_vnni(SparseKernels& table) {
  fill_sparse(table, {.entry = 0.94, .start = 47, .turn = 8, .most = 128}, sparse_row, {.entry = 8.5, .column = 70});
}

}  // namespace thimble
