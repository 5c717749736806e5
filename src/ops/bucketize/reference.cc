#include <algorithm>

#include "ops/bucketize/bucketize.h"

namespace thimble::reference {

namespace {

template <class T>
void count_below(const RefCall& call) {
  const auto& p = call.plan<thimble_bucketize>();
  const T* x = call.in[0].as<T>();
  auto* y = call.out[0].as<int32_t>();
  for (int64_t i = 0; i < call.in[0].shape.elements(); ++i)
    y[i] = static_cast<int32_t>(std::upper_bound(p.boundaries, p.boundaries + p.count, static_cast<float>(x[i])) -
                                p.boundaries);
}

}  // namespace

void bucketize(const RefCall& call) {
  switch (call.in[0].type) {
    case DType::i32: return count_below<int32_t>(call);
    case DType::i64: return count_below<int64_t>(call);
    default: return count_below<float>(call);
  }
}

}  // namespace thimble::reference
