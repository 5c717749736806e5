// int8 pooling, plain C++.
#include "kernels/pool_s8_generic.h"
#include "kernels/s8_fill.h"

namespace thimble {

void fill_pool_s8_scalar(PoolKernels& table) {
  table.max_s8 = generic_max_s8;
  table.average_s8 = generic_average_s8;
}

}  // namespace thimble
