#include "ops/prelu/prelu.h"

namespace thimble::reference {
namespace {

template <class T, class F>
void each(const RefCall& call, F f) {
  const T *x = call.in[0].as<T>(), *alpha = call.in[1].as<T>();
  const Shape& shape = call.in[0].shape;
  if (shape.elements() == 0) return;
  const Broadcast plan = plan_broadcast(shape, call.in[1].shape, shape);
  int64_t at = 0;
  for (int64_t o = 0; o < plan.outer; ++o) {
    const int64_t first = plan.at(o).b;
    for (int64_t i = 0; i < plan.inner; ++i, ++at) f(at, x[at], alpha[first + i * plan.b_step]);
  }
}

template <class T>
void integer(const RefCall& call) {
  const TensorView& x = call.in[0];
  const PreluInteger f = prelu_integer(x.type, *x.quant, *call.in[1].quant, *call.out[0].quant);
  T* y = call.out[0].as<T>();
  each<T>(call, [&](int64_t i, int32_t value, int32_t alpha) { y[i] = static_cast<T>(f(value, alpha)); });
}

}  // namespace

void prelu(const RefCall& call) {
  if (call.in[0].type == DType::i8) return integer<int8_t>(call);
  if (call.in[0].type == DType::u8) return integer<uint8_t>(call);
  float* y = call.out[0].as<float>();
  each<float>(call, [&](int64_t i, float x, float alpha) { y[i] = x >= 0 ? x : x * alpha; });
}

void prelu_grad(const RefCall& call) {
  const float* dy = call.in[2].as<float>();
  float* dx = call.out[0].as<float>();
  each<float>(call, [&](int64_t i, float x, float alpha) { dx[i] = x > 0 ? dy[i] : alpha * dy[i]; });
}

}  // namespace thimble::reference
