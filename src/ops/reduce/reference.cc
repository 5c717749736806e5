#include <algorithm>
#include <limits>

#include "ops/broadcast.h"
#include "ops/reduce/reduce.h"

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

// One result, whose first value x is.
template <class T, class Acc>
T result(const thimble_reduce& p, const T* x, Op op) {
  const auto values = [&](auto f) {
    thimble_dim index[THIMBLE_MAX_RANK] = {}, at = 0;
    for (int64_t r = 0; r < p.reduced.count; ++r) {
      for (int64_t i = 0; i < p.run; ++i) f(x[at + i * p.run_stride]);
      thimble_nest_next(&p.reduced, index, &at);
    }
  };
  if (op == Op::reduce_max || op == Op::reduce_min) {
    const bool max = op == Op::reduce_max;
    T best = max ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max();
    values([&](T v) {
      if (best == best && (v != v || (max ? v > best : v < best))) best = v;  // NaN stays
    });
    return best;
  }
  if (op == Op::reduce_prod) {
    if constexpr (std::is_floating_point_v<T>) {
      T product = 1;
      values([&](T v) { product *= v; });
      return product;
    } else {
      uint64_t product = 1;
      values([&](T v) { product *= static_cast<uint64_t>(static_cast<int64_t>(v)); });
      return static_cast<T>(product);
    }
  }
  Acc sum{};
  values([&](T v) {
    if constexpr (std::is_same_v<Acc, double>) {
      sum += static_cast<double>(v);
    } else {
      sum = static_cast<Acc>(static_cast<uint64_t>(sum) + static_cast<uint64_t>(static_cast<int64_t>(v)));
    }
  });
  if (op == Op::sum) return static_cast<T>(sum);
  return std::is_same_v<Acc, double> || p.n > 0 ? static_cast<T>(sum / static_cast<Acc>(p.n)) : T{};
}

template <class T, class Acc>
void results(const RefCall& call) {
  const auto& p = call.plan<thimble_reduce>();
  thimble_dim index[THIMBLE_MAX_RANK] = {}, at = 0;
  for (int64_t k = 0; k < p.kept.count; ++k) {
    call.out[0].as<T>()[k] = result<T, Acc>(p, call.in[0].as<T>() + at, call.node.op);
    thimble_nest_next(&p.kept, index, &at);
  }
}

// x · multiplier · 2^(shift − 31) of 48 bits, by the multiplier's upper half, rounded half up.
int32_t rescaled_48(int64_t x, int32_t multiplier, int shift) {
  const int64_t reduced = multiplier < 0x7fff0000 ? (multiplier + (1 << 15)) >> 16 : 0x7fff;
  const int by = 15 - shift;
  return static_cast<int32_t>((x * reduced + (int64_t{1} << (by - 1))) >> by);
}

// Integers with scales: sums and means of int16, products of int8 and int16.
template <class T>
void scaled(const RefCall& call) {
  const auto& p = call.plan<thimble_reduce>();
  const thimble_reduce_finish& f = p.finish;
  thimble_dim index[THIMBLE_MAX_RANK] = {}, at = 0;
  for (int64_t k = 0; k < p.kept.count; ++k) {
    const T* x = call.in[0].as<T>() + at;
    int32_t y;
    if (call.node.op == Op::reduce_prod) {
      thimble_dim inside[THIMBLE_MAX_RANK] = {}, from = 0;
      int32_t product = 0;
      for (int64_t r = 0; r < p.reduced.count; ++r) {
        for (int64_t i = 0; i < p.run; ++i) {
          const int32_t v = x[from + i * p.run_stride] - f.x_zero;
          product = r == 0 && i == 0 ? v : rescaled_48(int64_t{product} * v, f.multiplier, f.shift);
        }
        thimble_nest_next(&p.reduced, inside, &from);
      }
      y = thimble_clamp(thimble_add(rescaled_48(product, f.multiplier, f.shift), f.y_zero), f.lo, f.hi);
    } else {
      thimble_dim inside[THIMBLE_MAX_RANK] = {}, from = 0;
      int32_t sum = 0;  // infer sees to it that it fits
      for (int64_t r = 0; r < p.reduced.count; ++r) {
        for (int64_t i = 0; i < p.run; ++i) sum += x[from + i * p.run_stride];
        thimble_nest_next(&p.reduced, inside, &from);
      }
      y = call.node.op == Op::mean ? thimble_mean_finish(&f, sum, p.n) : p.n > 0 ? thimble_sum_finish(&f, sum) : 0;
    }
    call.out[0].as<T>()[k] = static_cast<T>(y);
    thimble_nest_next(&p.kept, index, &at);
  }
}

// Whether any (all) of them are true.
void bools(const RefCall& call, bool all) {
  const auto& p = call.plan<thimble_reduce>();
  thimble_dim index[THIMBLE_MAX_RANK] = {}, at = 0;
  for (int64_t k = 0; k < p.kept.count; ++k) {
    thimble_dim inside[THIMBLE_MAX_RANK] = {}, from = at;
    bool value = all;
    for (int64_t r = 0; r < p.reduced.count; ++r) {
      for (int64_t i = 0; i < p.run; ++i) {
        const bool v = call.in[0].as<uint8_t>()[from + i * p.run_stride] != 0;
        value = all ? value && v : value || v;
      }
      thimble_nest_next(&p.reduced, inside, &from);
    }
    call.out[0].as<uint8_t>()[k] = value;
    thimble_nest_next(&p.kept, index, &at);
  }
}

void bytes(const RefCall& call, int flip) {
  const auto& p = call.plan<thimble_reduce>();
  const int8_t* x = call.in[0].as<int8_t>();
  int8_t* y = call.out[0].as<int8_t>();
  switch (call.node.op) {
    case Op::mean: return thimble_mean_bytes(&p, x, y, flip);
    case Op::sum: return thimble_sum_bytes(&p, x, y, flip);
    case Op::reduce_max: return thimble_reduce_max_bytes(&p, x, y, flip);
    default: return thimble_reduce_min_bytes(&p, x, y, flip);
  }
}

}  // namespace

// Floats are summed in double here; C's form (kernel.h) is held against it.
void reduce(const RefCall& call) {
  const auto& p = call.plan<thimble_reduce>();
  const TensorView &x = call.in[0], &y = call.out[0];
  const Op op = call.node.op;
  if (x.type == DType::boolean) return bools(call, op == Op::reduce_all);
  const bool with_scales = op == Op::mean || op == Op::sum || !x.quant->empty();
  if (op == Op::reduce_prod && x.type == DType::i8)
    return with_scales ? scaled<int8_t>(call) : results<int8_t, int64_t>(call);
  switch (x.type) {
    case DType::i16:
      return with_scales && op != Op::reduce_max && op != Op::reduce_min ? scaled<int16_t>(call)
                                                                         : results<int16_t, int64_t>(call);
    case DType::i8: return bytes(call, 0);
    case DType::u8: return bytes(call, 0x80);
    case DType::i32: return results<int32_t, int64_t>(call);
    case DType::i64: return results<int64_t, int64_t>(call);
    case DType::f64: return results<double, double>(call);
    default: break;
  }
  if (call.node.op == Op::reduce_max) return thimble_reduce_max_f32(&p, x.as<float>(), y.as<float>());
  if (call.node.op == Op::reduce_min) return thimble_reduce_min_f32(&p, x.as<float>(), y.as<float>());
  results<float, double>(call);
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
