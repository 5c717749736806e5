// lower_gemm with constant weights of few different values: the same results from codes of 4 bits, where the
// kernels' measured costs say that it is faster (kernels/palette.h). Private to the lower_gemm*.cc files.
#pragma once

#include "runtime/lower_gemm_parts.h"

namespace thimble::gemm_lowering {

// Each adds its step and returns true, or false (and adds nothing) where the dense kernel is faster, weights have more
// than sixteen values, or the product is not a plain one of one to four rows (int8: one).
bool lower_palette_f32(LowerContext& ctx, const GemmShape& s);
// `requant` and `bias` (plan-time memory) are those of run_requant; `biased` holds the activations as q + 128.
bool lower_palette_s8(LowerContext& ctx, const GemmShape& s, const RequantArgs& requant, const int32_t* bias,
                      ScratchId biased);

}  // namespace thimble::gemm_lowering
