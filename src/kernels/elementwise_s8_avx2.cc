// Elementwise int8 arithmetic, AVX2.
#include "kernels/s8_avx2.h"
#include "kernels/s8_fill.h"

namespace thimble {
namespace {
using S8 = S8Avx2Base;
}
}  // namespace thimble

#include "kernels/elementwise_s8_x86.h"

namespace thimble {

void fill_elementwise_s8_avx2(ElementwiseS8Kernels& table) { fill_elementwise(table, "avx2"); }

}  // namespace thimble
