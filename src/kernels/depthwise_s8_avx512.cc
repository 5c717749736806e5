// int8 depthwise convolution, AVX-512.
#include "kernels/s8_avx512.h"
#include "kernels/s8_fill.h"

namespace thimble {
namespace {
using S8 = S8Avx512Base;
}
}  // namespace thimble

#include "kernels/depthwise_s8_x86.h"

namespace thimble {

void fill_depthwise_s8_avx512(DepthwiseKernels& table) { table.s8 = depthwise_s8; }

}  // namespace thimble
