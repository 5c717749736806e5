#include <algorithm>
#include <numeric>

#include "ops/topk_v2/topk_v2.h"

namespace thimble::reference {
namespace {

template <class T>
void largest(const RefCall& call) {
  const auto& p = call.plan<thimble_topk>();
  auto* order = static_cast<int32_t*>(call.scratch);
  const T* x = call.in[0].as<T>();
  T* values = call.out[0].as<T>();
  for (int64_t row = 0; row < p.rows && p.k > 0; ++row, x += p.columns, values += p.k) {
    std::iota(order, order + p.columns, 0);
    std::partial_sort(order, order + p.k, order + p.columns, [&](int32_t a, int32_t b) {
      const bool a_nan = x[a] != x[a], b_nan = x[b] != x[b];
      if (a_nan != b_nan) return b_nan;
      if (x[a] > x[b]) return true;
      return x[b] > x[a] ? false : a < b;
    });
    for (int64_t i = 0; i < p.k; ++i) {
      values[i] = x[order[i]];
      if (call.out[1].type == DType::i16)
        call.out[1].as<int16_t>()[row * p.k + i] = static_cast<int16_t>(order[i]);
      else
        call.out[1].as<int32_t>()[row * p.k + i] = order[i];
    }
  }
}

}  // namespace

void topk_v2(const RefCall& call) {
  switch (call.in[0].type) {
    case DType::i8: return largest<int8_t>(call);
    case DType::u8: return largest<uint8_t>(call);
    case DType::i16: return largest<int16_t>(call);
    case DType::i32: return largest<int32_t>(call);
    case DType::i64: return largest<int64_t>(call);
    default: return largest<float>(call);
  }
}

}  // namespace thimble::reference
