// int8 pooling, NEON: the plain body, vectorised by the compiler.
#include "kernels/pool_s8_generic.h"
#include "kernels/s8_fill.h"

namespace thimble {

void fill_pool_s8_neon(PoolKernels& table) {
  table.max_s8 = generic_max_s8;
  table.average_s8 = generic_average_s8;
}

}  // namespace thimble
