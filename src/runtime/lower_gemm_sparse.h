// lower_gemm with constant weights of which many are zero: the same results from the other weights alone, where the
// kernels' measured costs say that it is faster (kernels/sparse.h). Private to the lower_gemm*.cc files.
#pragma once

#include "runtime/lower_gemm_parts.h"

namespace thimble::gemm_lowering {

// Each adds its step and returns true, or false (and adds nothing) where the dense kernels are faster or a shape has no
// sparse form: windows of a stride above 1, int8 runs that are not of whole groups of four.
bool lower_sparse_f32(LowerContext& ctx, const GemmShape& s);
// `requant` and `bias` (plan-time memory) are those of run_requant; `biased` holds the activations as q + 128.
bool lower_sparse_s8(LowerContext& ctx, const GemmShape& s, const RequantArgs& requant, const int32_t* bias,
                     ScratchId biased);

}  // namespace thimble::gemm_lowering
