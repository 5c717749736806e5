#include <algorithm>
#include <limits>
#include <type_traits>

#include "ops/segment/segment.h"

namespace thimble::reference {
namespace {

template <class T, class Join>
void join(const RefCall& call, T empty, Join both) {
  const auto& p = call.plan<thimble_segment>();
  const T* x = call.in[0].as<T>();
  const auto* ids = call.in[1].as<int32_t>();
  T* y = call.out[0].as<T>();
  std::fill_n(y, call.out[0].shape.elements(), empty);
  for (int64_t row = 0; row < p.rows; ++row, x += p.columns) {
    if (ids[row] < 0) continue;
    if (ids[row] >= p.groups) {
      if (call.fault) call.fault->index(ids[row], p.groups);
      continue;
    }
    T* to = y + ids[row] * p.columns;
    for (int64_t i = 0; i < p.columns; ++i) to[i] = both(to[i], x[i]);
  }
}

template <class T>
void typed(const RefCall& call) {
  using Limits = std::numeric_limits<T>;
  // Modulo 2^32 for integers.
  using Wide = std::conditional_t<std::is_integral_v<T>, uint32_t, T>;
  const auto add = [](T a, T b) { return static_cast<T>(static_cast<Wide>(a) + static_cast<Wide>(b)); };
  const auto multiply = [](T a, T b) { return static_cast<T>(static_cast<Wide>(a) * static_cast<Wide>(b)); };
  switch (call.node.op) {
    case Op::unsorted_segment_prod: return join<T>(call, T{1}, multiply);
    case Op::unsorted_segment_max: return join<T>(call, Limits::lowest(), [](T a, T b) { return a < b ? b : a; });
    case Op::unsorted_segment_min: return join<T>(call, Limits::max(), [](T a, T b) { return b < a ? b : a; });
    default: return join<T>(call, T{0}, add);
  }
}

}  // namespace

void segment(const RefCall& call) { call.in[0].type == DType::i32 ? typed<int32_t>(call) : typed<float>(call); }

}  // namespace thimble::reference
