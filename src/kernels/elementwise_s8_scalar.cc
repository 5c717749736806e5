// Elementwise int8 arithmetic, plain C++.
#include "kernels/elementwise_s8_generic.h"
#include "kernels/s8_fill.h"

namespace thimble {

void fill_elementwise_s8_scalar(ElementwiseS8Kernels& table) { fill_generic_elementwise(table, "scalar"); }

}  // namespace thimble
