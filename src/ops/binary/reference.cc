#include <algorithm>
#include <cfloat>

#include "ops/binary/binary.h"

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

void binary_i32(const RefCall& call, BinaryFn fn) {
  const auto& p = call.plan<thimble_binary>();
  const Broadcast plan(p.broadcast);
  const int32_t lo = p.range.lo > -FLT_MAX ? static_cast<int32_t>(p.range.lo) : INT32_MIN,
                hi = p.range.hi < FLT_MAX ? static_cast<int32_t>(p.range.hi) : INT32_MAX;
  const int32_t *a = call.in[0].as<int32_t>(), *b = call.in[1].as<int32_t>();
  int32_t* y = call.out[0].as<int32_t>();
  for (int64_t o = 0; o < plan.outer; ++o) {
    const auto at = plan.at(o);
    for (int64_t i = 0; i < plan.inner; ++i)
      *y++ = std::clamp(value(fn, a[at.a + i * plan.a_step], b[at.b + i * plan.b_step]), lo, hi);
  }
}

}  // namespace

void binary(const RefCall& call) {
  const auto& p = call.plan<thimble_binary>();
  const TensorView &a = call.in[0], &b = call.in[1], &y = call.out[0];
  const BinaryFn fn = binary_fn(call.node.op);
  if (a.type == DType::i32) return binary_i32(call, fn);
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
