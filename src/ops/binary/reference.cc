#include <algorithm>
#include <cmath>

#include "ops/binary/binary.h"

namespace thimble::reference {
namespace {

template <class T, class F>
void each(const RefCall& call, F f) {
  const T *a = call.in[0].as<T>(), *b = call.in[1].as<T>();
  T* y = call.out[0].as<T>();
  const Broadcast plan = plan_broadcast(call.in[0].shape, call.in[1].shape, call.out[0].shape);
  for (int64_t o = 0; o < plan.outer; ++o) {
    const auto at = plan.at(o);
    for (int64_t i = 0; i < plan.inner; ++i) *y++ = f(a[at.a + i * plan.a_step], b[at.b + i * plan.b_step]);
  }
}

float value(BinaryFn fn, float a, float b) {
  switch (fn) {
    case BinaryFn::sub: return a - b;
    case BinaryFn::mul: return a * b;
    case BinaryFn::div: return a / b;
    case BinaryFn::maximum: return a > b ? a : b;
    case BinaryFn::minimum: return a < b ? a : b;
    case BinaryFn::squared_difference: return (a - b) * (a - b);
    default: return a + b;
  }
}

int32_t value(BinaryFn fn, int32_t a, int32_t b) {
  const auto x = static_cast<uint32_t>(a), y = static_cast<uint32_t>(b);
  switch (fn) {
    case BinaryFn::sub: return static_cast<int32_t>(x - y);
    case BinaryFn::mul: return static_cast<int32_t>(x * y);
    case BinaryFn::div: return b == 0 ? 0 : b == -1 && a == INT32_MIN ? INT32_MAX : a / b;
    case BinaryFn::maximum: return std::max(a, b);
    case BinaryFn::minimum: return std::min(a, b);
    case BinaryFn::squared_difference: return static_cast<int32_t>((x - y) * (x - y));
    default: return static_cast<int32_t>(x + y);
  }
}

}  // namespace

void binary(const RefCall& call) {
  const BinaryFn fn = binary_fn(call.node.op);
  const Activation activation = call.node.attrs.as<BinaryAttrs>().activation;
  const DType type = call.in[0].type;
  if (call.out[0].shape.elements() == 0) return;
  if (type == DType::f32) {
    float lo, hi;
    binary_range(fn, activation, &lo, &hi);
    each<float>(call, [&](float a, float b) {
      const float v = value(fn, a, b);
      return v < lo ? lo : v > hi ? hi : v;
    });
  } else if (type == DType::i32) {
    float low, high;
    activation_range(activation, &low, &high);
    const int32_t lo = std::isfinite(low) ? static_cast<int32_t>(low) : INT32_MIN,
                  hi = std::isfinite(high) ? static_cast<int32_t>(high) : INT32_MAX;
    each<int32_t>(call, [&](int32_t a, int32_t b) { return std::clamp(value(fn, a, b), lo, hi); });
  } else {
    const BinaryInteger f =
        binary_integer(fn, activation, type, *call.in[0].quant, *call.in[1].quant, *call.out[0].quant);
    if (type == DType::i8) {
      each<int8_t>(call, [&](int8_t a, int8_t b) { return static_cast<int8_t>(f(a, b)); });
    } else {
      each<uint8_t>(call, [&](uint8_t a, uint8_t b) { return static_cast<uint8_t>(f(a, b)); });
    }
  }
}

void sum_to_shape(const RefCall& call) {
  const float* x = call.in[0].as<float>();
  float* y = call.out[0].as<float>();
  std::fill(y, y + call.out[0].shape.elements(), 0.0f);
  if (call.in[0].shape.elements() == 0) return;
  const Broadcast plan = plan_broadcast(call.in[0].shape, call.out[0].shape, call.in[0].shape);
  for (int64_t o = 0; o < plan.outer; ++o) {
    const auto at = plan.at(o);
    for (int64_t i = 0; i < plan.inner; ++i) y[at.b + i * plan.b_step] += x[at.a + i * plan.a_step];
  }
}

void extremum_grad(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<ExtremumGradAttrs>();
  const float *a = call.in[0].as<float>(), *b = call.in[1].as<float>(), *dy = call.in[2].as<float>();
  float* dx = call.out[0].as<float>();
  if (call.out[0].shape.elements() == 0) return;
  const Broadcast plan = plan_broadcast(call.in[0].shape, call.in[1].shape, call.out[0].shape);
  for (int64_t o = 0; o < plan.outer; ++o) {
    const auto at = plan.at(o);
    for (int64_t i = 0; i < plan.inner; ++i, ++dx, ++dy) {
      const float p = a[at.a + i * plan.a_step], q = b[at.b + i * plan.b_step];
      const bool first = attrs.minimum ? p <= q : p >= q;
      *dx = first != attrs.second ? *dy : 0.0f;
    }
  }
}

}  // namespace thimble::reference
