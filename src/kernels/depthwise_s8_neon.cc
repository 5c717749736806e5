// int8 depthwise convolution, NEON: the plain body, vectorised by the compiler.
#include "kernels/depthwise_s8_generic.h"
#include "kernels/s8_fill.h"

namespace thimble {

void fill_depthwise_s8_neon(DepthwiseKernels& table) { table.s8 = generic_depthwise_s8; }

}  // namespace thimble
