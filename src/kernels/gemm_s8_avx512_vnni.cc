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
};

}  // namespace
}  // namespace thimble

#include "kernels/gemm_s8_x86.h"

namespace thimble {

void fill_gemm_s8_avx512_vnni(GemmS8Kernels& table) { fill(table, "avx512_vnni 6x64"); }

}  // namespace thimble
