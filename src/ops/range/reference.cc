#include "ops/range/range.h"

namespace thimble::reference {
namespace {

// Sums of integers wrap: what the last step overflows to is not used.
template <class T, class Sum>
void entries(const RefCall& call) {
  Sum value = static_cast<Sum>(*call.in[0].as<T>());
  const Sum delta = static_cast<Sum>(*call.in[2].as<T>());
  T* y = call.out[0].as<T>();
  for (int64_t i = 0; i < call.plan<thimble_range_of>().n; ++i, value += delta) y[i] = static_cast<T>(value);
}

}  // namespace

void range(const RefCall& call) {
  switch (call.in[0].type) {
    case DType::f32: return entries<float, float>(call);
    case DType::i32: return entries<int32_t, uint32_t>(call);
    default: return entries<int64_t, uint64_t>(call);
  }
}

}  // namespace thimble::reference
