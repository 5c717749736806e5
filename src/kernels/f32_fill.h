// The functions that put the float32 kernels of one instruction set into a table. Each family is
// one source, x_isa.cc, compiled once per instruction set (CMakeLists.txt) with THIMBLE_ISA_NAME and
// THIMBLE_LANES. They leave the int8 entries of shared tables alone.
#pragma once

#include "kernels/depthwise.h"
#include "kernels/gemm_f32.h"
#include "kernels/lstm.h"
#include "kernels/map.h"
#include "kernels/palette.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"
#include "kernels/sparse.h"
#include "kernels/update.h"

#define THIMBLE_F32_FILLS(isa)                                             \
  void fill_gemm_f32_##isa(GemmF32Kernels& table);                         \
  void fill_depthwise_##isa(DepthwiseKernels& table);                      \
  void fill_map_##isa(MapKernels& table);                                  \
  void fill_map_convert_##isa(MapKernels& table); /* called by fill_map */ \
  void fill_reduce_##isa(ReduceKernels& table);                            \
  void fill_pool_##isa(PoolKernels& table);                                \
  void fill_lstm_##isa(LstmKernels& table);                                \
  void fill_palette_##isa(PaletteKernels& table);                          \
  void fill_sparse_##isa(SparseKernels& table); /* the float32 part */     \
  /* what only training runs */                                            \
  void fill_gemm_f32_grad_##isa(GemmF32Kernels& table);                    \
  void fill_depthwise_grad_##isa(DepthwiseKernels& table);                 \
  void fill_map_grad_##isa(MapKernels& table);                             \
  void fill_pool_grad_##isa(PoolKernels& table);                           \
  void fill_lstm_grad_##isa(LstmKernels& table);                           \
  void fill_update_##isa(UpdateKernels& table);

namespace thimble {

THIMBLE_F32_FILLS(scalar)
THIMBLE_F32_FILLS(avx2)
THIMBLE_F32_FILLS(avx512)
THIMBLE_F32_FILLS(neon)

}  // namespace thimble

// In a unit: void THIMBLE_FILL(map)(MapKernels& table) { … THIMBLE_ISA_STRING … }
#define THIMBLE_JOIN_(a, b) a##b
#define THIMBLE_JOIN(a, b) THIMBLE_JOIN_(a, b)
#define THIMBLE_FILL(family) THIMBLE_JOIN(fill_##family##_, THIMBLE_ISA_NAME)
#define THIMBLE_STRING_(a) #a
#define THIMBLE_STRING(a) THIMBLE_STRING_(a)
#define THIMBLE_ISA_STRING THIMBLE_STRING(THIMBLE_ISA_NAME)
