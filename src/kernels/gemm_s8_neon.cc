// int8 matrix products, NEON: the plain body, vectorised by the compiler.
#include "kernels/gemm_s8_generic.h"
#include "kernels/s8_fill.h"

namespace thimble {

void fill_gemm_s8_neon(GemmS8Kernels& table) { fill_generic(table, "neon"); }

}  // namespace thimble
