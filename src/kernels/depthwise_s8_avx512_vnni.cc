// int8 depthwise convolution, AVX-512 with VNNI.
#include "kernels/s8_avx512.h"
#include "kernels/s8_fill.h"

namespace thimble {
namespace {
using S8 = S8Avx512Base;
}
}  // namespace thimble

#include "kernels/depthwise_s8_vnni.h"

namespace thimble {

void fill_depthwise_s8_avx512_vnni(DepthwiseKernels& table) { table.s8 = wide_depthwise_s8; }

}  // namespace thimble
