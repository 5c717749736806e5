#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/broadcast.h"
#include "ops/reduce/reduce.h"
#include "ops/strided_copy.h"

namespace thimble::reference {
namespace {

// Every element of x with the index of its result, in order. `wide` has the shape of x.
template <class F>
void each(const Shape& wide, const Shape& narrow, F f) {
  if (wide.elements() == 0) return;
  const Broadcast plan = plan_broadcast(wide, narrow, wide);
  for (int64_t o = 0; o < plan.outer; ++o) {
    const auto at = plan.at(o);
    for (int64_t i = 0; i < plan.inner; ++i) f(at.a + i * plan.a_step, at.b + i * plan.b_step);
  }
}

template <class T, class Acc>
void reduce_as(const RefCall& call, const Shape& kept) {
  const T* x = call.in[0].as<T>();
  T* y = call.out[0].as<T>();
  const int64_t outputs = kept.elements(), n = outputs ? call.in[0].shape.elements() / outputs : 0;
  const Op op = call.node.op;
  if (op == Op::reduce_max || op == Op::reduce_min) {
    const bool max = op == Op::reduce_max;
    auto* any = static_cast<char*>(call.scratch);
    std::fill_n(any, outputs, char{0});
    std::fill_n(y, outputs, max ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max());
    each(call.in[0].shape, kept, [&](int64_t i, int64_t o) {
      const bool better = (max ? x[i] > y[o] : x[i] < y[o]) || x[i] != x[i];
      if (!any[o] || (better && y[o] == y[o])) y[o] = x[i];
      any[o] = 1;
    });
    return;
  }
  auto* acc = static_cast<Acc*>(call.scratch);
  std::fill_n(acc, outputs, Acc{});
  each(call.in[0].shape, kept, [&](int64_t i, int64_t o) {
    if constexpr (std::is_same_v<Acc, double>) {
      acc[o] += static_cast<double>(x[i]);
    } else {
      acc[o] = static_cast<Acc>(static_cast<uint64_t>(acc[o]) + static_cast<uint64_t>(static_cast<int64_t>(x[i])));
    }
  });
  if constexpr (sizeof(T) == 1) {
    const ReduceInteger finish = reduce_integer(op, call.in[0].type, n, *call.in[0].quant, *call.out[0].quant);
    for (int64_t o = 0; o < outputs; ++o) y[o] = static_cast<T>(finish(static_cast<int32_t>(acc[o])));
  } else if constexpr (std::is_same_v<T, float>) {
    for (int64_t o = 0; o < outputs; ++o)
      y[o] = static_cast<float>(op == Op::mean ? acc[o] / static_cast<double>(n) : acc[o]);
  } else {
    for (int64_t o = 0; o < outputs; ++o)
      y[o] = static_cast<T>(op == Op::sum ? acc[o] : n ? acc[o] / static_cast<Acc>(n) : 0);
  }
}

}  // namespace

void reduce(const RefCall& call) {
  const TensorView& a = call.in[1];
  const Shape kept = kept_shape(call.in[0].shape, IntList(a.type, a.data, a.shape.elements()));
  switch (call.in[0].type) {
    case DType::f32: return reduce_as<float, double>(call, kept);
    case DType::i8: return reduce_as<int8_t, int64_t>(call, kept);
    case DType::u8: return reduce_as<uint8_t, int64_t>(call, kept);
    case DType::i32: return reduce_as<int32_t, int64_t>(call, kept);
    default: return reduce_as<int64_t, int64_t>(call, kept);
  }
}

void broadcast_to_shape(const RefCall& call) {
  const float* x = call.in[0].as<float>();
  float* y = call.out[0].as<float>();
  each(call.out[0].shape, call.in[0].shape, [&](int64_t i, int64_t o) { y[i] = x[o]; });
}

void reduce_extremum_grad(const RefCall& call) {
  const float *x = call.in[0].as<float>(), *y = call.in[1].as<float>(), *dy = call.in[2].as<float>();
  float *dx = call.out[0].as<float>(), *ties = static_cast<float*>(call.scratch);
  const Shape &wide = call.in[0].shape, &kept = call.in[1].shape;
  std::fill_n(ties, kept.elements(), 0.0f);
  each(wide, kept, [&](int64_t i, int64_t o) { ties[o] += x[i] == y[o] ? 1.0f : 0.0f; });
  each(wide, kept, [&](int64_t i, int64_t o) { dx[i] = x[i] == y[o] ? dy[o] / ties[o] : 0.0f; });
}

}  // namespace thimble::reference
