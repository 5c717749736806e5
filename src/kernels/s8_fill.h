// The functions that put the int8 kernels of one instruction set into a table.
// Which of them exist in a build depends on the processor family that it is
// made for.
#pragma once

#include "kernels/depthwise.h"
#include "kernels/elementwise_s8.h"
#include "kernels/gemm_s8.h"
#include "kernels/palette.h"
#include "kernels/pool.h"
#include "kernels/sparse.h"

namespace thimble {

void fill_gemm_s8_scalar(GemmS8Kernels& table);
void fill_gemm_s8_avx2(GemmS8Kernels& table);
void fill_gemm_s8_avx512(GemmS8Kernels& table);
void fill_gemm_s8_avx512_vnni(GemmS8Kernels& table);
void fill_gemm_s8_neon(GemmS8Kernels& table);
void fill_gemm_s8_neon_dot(GemmS8Kernels& table);

// The int8 part.
void fill_sparse_s8_scalar(SparseKernels& table);
void fill_sparse_s8_avx2(SparseKernels& table);
void fill_sparse_s8_avx512(SparseKernels& table);
void fill_sparse_s8_avx512_vnni(SparseKernels& table);
void fill_sparse_s8_neon(SparseKernels& table);

// The int8 part, which the other tables do without.
void fill_palette_s8_avx2(PaletteKernels& table);

// Sets .s8 only.
void fill_depthwise_s8_scalar(DepthwiseKernels& table);
void fill_depthwise_s8_avx2(DepthwiseKernels& table);
void fill_depthwise_s8_avx512(DepthwiseKernels& table);
void fill_depthwise_s8_avx512_vnni(DepthwiseKernels& table);
void fill_depthwise_s8_neon(DepthwiseKernels& table);

// Sets .max_s8 and .average_s8 only.
void fill_pool_s8_scalar(PoolKernels& table);
void fill_pool_s8_avx2(PoolKernels& table);
void fill_pool_s8_avx512(PoolKernels& table);
void fill_pool_s8_avx512_vnni(PoolKernels& table);
void fill_pool_s8_neon(PoolKernels& table);

void fill_elementwise_s8_scalar(ElementwiseS8Kernels& table);
void fill_elementwise_s8_avx2(ElementwiseS8Kernels& table);
void fill_elementwise_s8_avx512(ElementwiseS8Kernels& table);
void fill_elementwise_s8_avx512_vnni(ElementwiseS8Kernels& table);
void fill_elementwise_s8_neon(ElementwiseS8Kernels& table);

}  // namespace thimble
