// lower_gemm with constant float32 weights of few different values: the same results from codes of 4 bits, where the
// kernels' measured costs say that it is faster (kernels/palette.h). Private to the lower_gemm*.cc files.
#pragma once

#include "runtime/lower_gemm_parts.h"

namespace thimble::gemm_lowering {

// Adds its step and returns true, or false (and adds nothing) where the dense kernel is faster, weights have more than
// sixteen values, or the product is not a plain one of one to four rows.
bool lower_palette_f32(LowerContext& ctx, const GemmShape& s);

}  // namespace thimble::gemm_lowering
