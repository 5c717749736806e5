#include <algorithm>
#include <cfloat>
#include <cmath>
#include <complex>
#include <limits>

#include "base/half.h"
#include "ops/binary/binary.h"
#include "ops/number_types.h"

namespace thimble::reference {
namespace {

// One function's loops over bytes and over floats.
struct Loops {
  void (*bytes)(const thimble_binary*, const int8_t*, const int8_t*, int8_t*, int);
  void (*floats)(const thimble_binary*, const float*, const float*, float*);
};

Loops loops_of(BinaryFn fn) {
  switch (fn) {
    case BinaryFn::sub: return {thimble_sub_bytes, thimble_sub_f32};
    case BinaryFn::mul: return {thimble_mul_bytes, thimble_mul_f32};
    case BinaryFn::div: return {thimble_div_bytes, thimble_div_f32};
    case BinaryFn::maximum: return {thimble_maximum_bytes, thimble_maximum_f32};
    case BinaryFn::minimum: return {thimble_minimum_bytes, thimble_minimum_f32};
    case BinaryFn::squared_difference: return {thimble_squared_difference_bytes, thimble_squared_difference_f32};
    default: return {thimble_add_bytes, thimble_add_f32};
  }
}

// Modulo 2^bits of T, but for quotients.
template <class T>
T value(BinaryFn fn, T a, T b) {
  const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  switch (fn) {
    case BinaryFn::sub: return static_cast<T>(x - y);
    case BinaryFn::mul: return static_cast<T>(x * y);
    case BinaryFn::div:
      if (b == 0) return 0;
      if constexpr (std::is_signed_v<T>)
        if (b == -1) return a == std::numeric_limits<T>::min() ? std::numeric_limits<T>::max() : static_cast<T>(-a);
      return static_cast<T>(a / b);
    case BinaryFn::maximum: return std::max(a, b);
    case BinaryFn::minimum: return std::min(a, b);
    case BinaryFn::squared_difference: return static_cast<T>((x - y) * (x - y));
    default: return static_cast<T>(x + y);
  }
}

// Integers without scales.
template <class T>
void plain(const RefCall& call, BinaryFn fn) {
  const auto& p = call.plan<thimble_binary>();
  const T lo = p.range.lo > -FLT_MAX ? static_cast<T>(p.range.lo) : std::numeric_limits<T>::min(),
          hi = p.range.hi < FLT_MAX ? static_cast<T>(p.range.hi) : std::numeric_limits<T>::max();
  each_pair(Broadcast(p.broadcast), call.in[0].as<T>(), call.in[1].as<T>(), call.out[0].as<T>(),
            [&](T a, T b) { return std::clamp(value(fn, a, b), lo, hi); });
}

void scaled_16(const RefCall& call, BinaryFn fn) {
  const auto& p = call.plan<thimble_binary>();
  each_pair(Broadcast(p.broadcast), call.in[0].as<int16_t>(), call.in[1].as<int16_t>(), call.out[0].as<int16_t>(),
            [&](int16_t a, int16_t b) { return static_cast<int16_t>(binary_value(fn, p, a, b)); });
}

// float16: in float32, rounded; the bounds of the activation are numbers of float16, without one its largest.
void halves(const RefCall& call, BinaryFn fn) {
  const auto& p = call.plan<thimble_binary>();
  const bool extremum = fn == BinaryFn::maximum || fn == BinaryFn::minimum;
  const float lo = extremum ? -INFINITY : std::max(p.range.lo, -65504.0f),
              hi = extremum ? INFINITY : std::min(p.range.hi, 65504.0f);
  each_pair(Broadcast(p.broadcast), call.in[0].as<uint16_t>(), call.in[1].as<uint16_t>(), call.out[0].as<uint16_t>(),
            [&](uint16_t u, uint16_t v) {
              const float a = half_to_float(u), b = half_to_float(v);
              const float y = fn == BinaryFn::maximum   ? (a > b ? a : b)
                              : fn == BinaryFn::minimum ? (a < b ? a : b)
                              : fn == BinaryFn::mul     ? a * b
                                                        : a + b;
              const float rounded = half_to_float(float_to_half(y));
              return float_to_half(rounded < lo ? lo : rounded > hi ? hi : rounded);
            });
}

// float64: no bounds but those of the activation.
void doubles(const RefCall& call, BinaryFn fn) {
  const auto& p = call.plan<thimble_binary>();
  const double lo = p.range.lo > -FLT_MAX ? p.range.lo : -INFINITY, hi = p.range.hi < FLT_MAX ? p.range.hi : INFINITY;
  each_pair(Broadcast(p.broadcast), call.in[0].as<double>(), call.in[1].as<double>(), call.out[0].as<double>(),
            [&](double a, double b) {
              const double y = fn == BinaryFn::sub       ? a - b
                               : fn == BinaryFn::mul     ? a * b
                               : fn == BinaryFn::div     ? a / b
                               : fn == BinaryFn::maximum ? (a > b ? a : b)
                               : fn == BinaryFn::minimum ? (a < b ? a : b)
                                                         : a + b;
              return y < lo ? lo : y > hi ? hi : y;
            });
}

// Products of complex numbers.
void complex_products(const RefCall& call) {
  using Number = std::complex<float>;
  each_pair(Broadcast(call.plan<thimble_binary>().broadcast), call.in[0].as<Number>(), call.in[1].as<Number>(),
            call.out[0].as<Number>(), [](Number a, Number b) { return a * b; });
}

}  // namespace

void binary(const RefCall& call) {
  const auto& p = call.plan<thimble_binary>();
  const TensorView &a = call.in[0], &b = call.in[1], &y = call.out[0];
  const BinaryFn fn = binary_fn(call.node.op);
  switch (a.type) {
    case DType::i16: return a.quant->empty() && b.quant->empty() ? plain<int16_t>(call, fn) : scaled_16(call, fn);
    case DType::i32: return plain<int32_t>(call, fn);
    case DType::u32: return plain<uint32_t>(call, fn);
    case DType::i64: return plain<int64_t>(call, fn);
    case DType::u64: return plain<uint64_t>(call, fn);
    case DType::f64: return doubles(call, fn);
    case DType::c64: return complex_products(call);
    case DType::f16: return halves(call, fn);
    default: break;
  }
  const Loops loops = loops_of(fn);
  if (a.type == DType::f32) return loops.floats(&p, a.as<float>(), b.as<float>(), y.as<float>());
  loops.bytes(&p, a.as<int8_t>(), b.as<int8_t>(), y.as<int8_t>(), a.type == DType::u8 ? 0x80 : 0);
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
