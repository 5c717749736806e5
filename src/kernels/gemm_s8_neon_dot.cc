// int8 matrix products, NEON with the dot product (Armv8.2: Cortex-A76 and later).
#define THIMBLE_NEON_DOT 1
#include "kernels/gemm_s8_neon.h"
#include "kernels/s8_fill.h"

namespace thimble {

void fill_gemm_s8_neon_dot(GemmS8Kernels& table) { fill(table, "neon dot 8x8"); }

}  // namespace thimble
