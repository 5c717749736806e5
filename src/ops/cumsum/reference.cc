#include "ops/cumsum/cumsum.h"

namespace thimble::reference {
namespace {

// Sum: the type in which sums are formed, unsigned for integers so that they wrap.
template <class T, class Sum>
void sums(const thimble_cumsum& p, const T* x, T* y) {
  for (int64_t o = 0; o < p.outer; ++o)
    for (int64_t i = 0; i < p.inner; ++i) {
      Sum sum{};
      for (int64_t d = 0; d < p.depth; ++d) {
        const int64_t at = (o * p.depth + (p.reverse ? p.depth - 1 - d : d)) * p.inner + i;
        const Sum next = sum + static_cast<Sum>(x[at]);
        y[at] = static_cast<T>(p.exclusive ? sum : next);
        sum = next;
      }
    }
}

}  // namespace

void cumsum(const RefCall& call) {
  const auto& p = call.plan<thimble_cumsum>();
  const TensorView &x = call.in[0], &y = call.out[0];
  switch (x.type) {
    case DType::f32: return sums<float, float>(p, x.as<float>(), y.as<float>());
    case DType::f64: return sums<double, double>(p, x.as<double>(), y.as<double>());
    case DType::i32: return sums<int32_t, uint32_t>(p, x.as<int32_t>(), y.as<int32_t>());
    default: return sums<int64_t, uint64_t>(p, x.as<int64_t>(), y.as<int64_t>());
  }
}

}  // namespace thimble::reference
