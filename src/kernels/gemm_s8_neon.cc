// int8 matrix products, NEON without the dot product.
#include "kernels/gemm_s8_neon.h"
#include "kernels/s8_fill.h"
#include "kernels/sparse_s8_generic.h"

namespace thimble {

void fill_gemm_s8_neon(GemmS8Kernels& table) { fill(table, "neon 4x8"); }
void fill_sparse_s8_neon(SparseKernels& table) { fill_generic_sparse(table); }

}  // namespace thimble
