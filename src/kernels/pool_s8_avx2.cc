// int8 pooling, AVX2.
#include "kernels/s8_avx2.h"
#include "kernels/s8_fill.h"

namespace thimble {
namespace {
using S8 = S8Avx2Base;
}
}  // namespace thimble

#include "kernels/pool_s8_x86.h"

namespace thimble {

void fill_pool_s8_avx2(PoolKernels& table) {
  table.max_s8 = max_s8;
  table.average_s8 = average_s8;
}

}  // namespace thimble
