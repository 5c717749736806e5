#include <algorithm>
#include <cmath>

#include "base/fixed_point.h"
#include "base/half.h"
#include "ops/quantize/quantize.h"

namespace thimble::reference {
namespace {

template <class F>
void with_integer(DType type, F f) {
  switch (type) {
    case DType::i8: return f(int8_t{});
    case DType::u8: return f(uint8_t{});
    case DType::i16: return f(int16_t{});
    default: return;
  }
}

struct Half {
  uint16_t bits;
};
struct Bool {
  uint8_t byte;
};

template <class F>
void with_type(DType type, F f) {
  switch (type) {
    case DType::f32: return f(float{});
    case DType::f16: return f(Half{});
    case DType::i32: return f(int32_t{});
    case DType::i64: return f(int64_t{});
    case DType::boolean: return f(Bool{});
    default: return with_integer(type, f);
  }
}

template <class To, class From>
To convert(From v) {
  if constexpr (std::is_same_v<From, Half>) {
    return convert<To>(half_to_float(v.bits));
  } else if constexpr (std::is_same_v<From, Bool>) {
    return convert<To>(static_cast<int32_t>(v.byte != 0));
  } else if constexpr (std::is_same_v<To, Half>) {
    return Half{float_to_half(static_cast<float>(v))};
  } else if constexpr (std::is_same_v<To, Bool>) {
    return Bool{static_cast<uint8_t>(v != 0)};
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (!(v == v)) return std::numeric_limits<To>::max();
    constexpr double lo = static_cast<double>(std::numeric_limits<To>::min());
    constexpr double hi = static_cast<double>(std::numeric_limits<To>::max());
    if (v <= lo) return std::numeric_limits<To>::min();
    if (v >= hi) return std::numeric_limits<To>::max();
    return static_cast<To>(v);
  } else {
    return static_cast<To>(v);
  }
}

// The scale of element i of a tensor that has one, or one per slice of an axis.
struct Slices {
  explicit Slices(const TensorView& t)
      : count(t.quant->per_axis() ? t.shape[t.quant->axis] : 1),
        inner(t.quant->per_axis() ? t.shape.elements(t.quant->axis + 1, t.shape.rank()) : 1) {}
  size_t operator()(int64_t i) const { return static_cast<size_t>(count == 1 ? 0 : i / inner % count); }
  int64_t count, inner;
};

}  // namespace

void quantize(const RefCall& call) {
  const TensorView &xv = call.in[0], &yv = call.out[0];
  const int64_t n = xv.shape.elements();
  const Slices slice(yv);
  with_integer(yv.type, [&]<class Q>(Q) {
    Q* y = yv.as<Q>();
    constexpr int32_t lo = std::numeric_limits<Q>::min(), hi = std::numeric_limits<Q>::max();
    if (xv.type == DType::f32) {
      const float* x = xv.as<float>();
      for (int64_t i = 0; i < n; ++i) {
        const size_t s = slice(i);
        const float r = std::round(x[i] / yv.scale(s));
        const int32_t q = r == r ? static_cast<int32_t>(std::clamp(r, -1e6f, 1e6f)) : 0;
        y[i] = static_cast<Q>(std::clamp(q + yv.zero_point(s), lo, hi));
      }
      return;
    }
    int32_t multiplier;
    int shift;
    const int32_t zero = yv.zero_point();
    quantize_multiplier(static_cast<double>(xv.scale()) / static_cast<double>(yv.scale()), &multiplier, &shift);
    with_integer(xv.type, [&]<class P>(P) {
      const P* x = xv.as<P>();
      for (int64_t i = 0; i < n; ++i)
        y[i] = static_cast<Q>(std::clamp<int64_t>(
            int64_t{multiply_by_quantized_multiplier(x[i] - xv.zero_point(), multiplier, shift)} + zero, lo, hi));
    });
  });
}

void dequantize(const RefCall& call) {
  const TensorView& xv = call.in[0];
  const int64_t n = xv.shape.elements();
  float* y = call.out[0].as<float>();
  if (xv.type == DType::f16) {
    for (int64_t i = 0; i < n; ++i) y[i] = half_to_float(xv.as<uint16_t>()[i]);
    return;
  }
  const Slices slice(xv);
  with_integer(xv.type, [&]<class Q>(Q) {
    const Q* x = xv.as<Q>();
    for (int64_t i = 0; i < n; ++i) {
      const size_t s = slice(i);
      y[i] = xv.scale(s) * static_cast<float>(x[i] - xv.zero_point(s));
    }
  });
}

void cast(const RefCall& call) {
  const int64_t n = call.in[0].shape.elements();
  with_type(call.in[0].type, [&]<class From>(From) {
    with_type(call.out[0].type, [&]<class To>(To) {
      const From* x = call.in[0].as<From>();
      To* y = call.out[0].as<To>();
      for (int64_t i = 0; i < n; ++i) y[i] = convert<To>(x[i]);
    });
  });
}

}  // namespace thimble::reference
