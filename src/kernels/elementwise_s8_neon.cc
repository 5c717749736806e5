// Elementwise int8 arithmetic, NEON: the plain body, vectorised by the compiler.
#include "kernels/elementwise_s8_generic.h"
#include "kernels/s8_fill.h"

namespace thimble {

void fill_elementwise_s8_neon(ElementwiseS8Kernels& table) { fill_generic_elementwise(table, "neon"); }

}  // namespace thimble
