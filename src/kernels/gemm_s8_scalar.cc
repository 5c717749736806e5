// int8 matrix products, plain C++: the reference of every other table.
#include "kernels/gemm_s8_generic.h"
#include "kernels/s8_fill.h"
#include "kernels/sparse_s8_generic.h"

namespace thimble {

void fill_gemm_s8_scalar(GemmS8Kernels& table) { fill_generic(table, "scalar"); }
void fill_sparse_s8_scalar(SparseKernels& table) { fill_generic_sparse(table); }

}  // namespace thimble
