// Elementwise int8 arithmetic, AVX-512.
#include "kernels/s8_avx512.h"
#include "kernels/s8_fill.h"

namespace thimble {
namespace {
using S8 = S8Avx512Base;
}
}  // namespace thimble

#include "kernels/elementwise_s8_x86.h"

namespace thimble {

void fill_elementwise_s8_avx512(ElementwiseS8Kernels& table) { fill_elementwise(table, "avx512"); }

}  // namespace thimble
