// The micro-kernels, by primitive. Everything fast in Thimble goes through one KernelTable: a
// struct of function pointers, filled once per instruction set. A primitive's contract stands in
// its own header (gemm_f32.h, gemm_s8.h …); its contract test runs once per entry of every table
// that the machine can execute.
//
// Rules for every kernel: no allocation, no locks, no branches on data it could trap on; operates
// on the caller's memory only; may be called from any thread; a range of rows given in two calls
// gives the same bits as in one (so thread splits never change a result).
#pragma once

#include <span>
#include <string_view>

#include "kernels/depthwise.h"
#include "kernels/elementwise_s8.h"
#include "kernels/gemm_f32.h"
#include "kernels/gemm_s8.h"
#include "kernels/lstm.h"
#include "kernels/map.h"
#include "kernels/palette.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"
#include "kernels/sparse.h"
#include "kernels/update.h"

namespace thimble {

enum class Isa { scalar, avx2, avx512, avx512_vnni, neon, neon_dot };
const char* name(Isa isa);

struct KernelTable {
  Isa isa;
  GemmF32Kernels gemm_f32;
  GemmS8Kernels gemm_s8;
  DepthwiseKernels depthwise;
  MapKernels map;
  ElementwiseS8Kernels elementwise_s8;
  ReduceKernels reduce;
  PoolKernels pool;
  LstmKernels lstm;
  UpdateKernels update;
  SparseKernels sparse;
  PaletteKernels palette;
};

// Tables that this machine can run, slowest first; the scalar one is always there.
std::span<const KernelTable* const> available_kernels();

// The table in force: the fastest available, or the one that the environment variable
// THIMBLE_ISA names (scalar, avx2, avx512, avx512_vnni, neon, neon_dot) when the machine has it.
const KernelTable& kernels();

// Forces a table (tests); "" goes back to the default. False if the machine lacks it; what
// was in force then stays.
bool force_isa(std::string_view isa_name);

}  // namespace thimble
