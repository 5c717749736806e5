#include <bit>
#include <limits>

#include "base/half.h"
#include "ops/number_types.h"
#include "ops/quantize/quantize.h"

namespace thimble::reference {
namespace {

template <class F>
void with_integer(DType type, F f) {
  switch (type) {
    case DType::i8: return f(int8_t{});
    case DType::u8: return f(uint8_t{});
    case DType::i16: return f(int16_t{});
    case DType::i32: return f(int32_t{});
    default: return;
  }
}

struct Half {
  uint16_t bits;
};
struct BFloat {
  uint16_t bits;
};
struct Bool {
  uint8_t byte;
};
struct Complex {
  float real, imaginary;
};

template <class F>
void with_type(DType type, F f) {
  switch (type) {
    case DType::f16: return f(Half{});
    case DType::bf16: return f(BFloat{});
    case DType::boolean: return f(Bool{});
    case DType::c64: return f(Complex{});
    default: with_number(type, f);
  }
}

// To the nearest, the even one of two; NaN becomes the quiet one of its sign.
BFloat bfloat_of(float v) {
  const uint32_t bits = std::bit_cast<uint32_t>(v);
  if (v != v) return {static_cast<uint16_t>((bits >> 31) != 0 ? 0xffc0 : 0x7fc0)};
  return {static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};
}

template <class To, class From>
To convert(From v) {
  if constexpr (std::is_same_v<From, Half>) {
    return convert<To>(half_to_float(v.bits));
  } else if constexpr (std::is_same_v<From, BFloat>) {
    return convert<To>(std::bit_cast<float>(static_cast<uint32_t>(v.bits) << 16));
  } else if constexpr (std::is_same_v<From, Complex> && std::is_same_v<To, Complex>) {
    return v;
  } else if constexpr (std::is_same_v<From, Complex>) {
    return convert<To>(v.real);
  } else if constexpr (std::is_same_v<From, Bool>) {
    return convert<To>(static_cast<int32_t>(v.byte != 0));
  } else if constexpr (std::is_same_v<To, Half>) {
    return Half{float_to_half(static_cast<float>(v))};
  } else if constexpr (std::is_same_v<To, BFloat>) {
    return bfloat_of(static_cast<float>(v));
  } else if constexpr (std::is_same_v<To, Complex>) {
    return Complex{static_cast<float>(v), 0};
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

// f(element, scale, zero point)
template <class F>
void each(int64_t n, const thimble_slices& slices, F f) {
  for (int64_t i = 0; i < n; ++i) {
    const int64_t s = i / slices.inner % slices.count;
    f(i, slices.scale[s], slices.zero[s]);
  }
}

// From or to int32, where differences to zero points wrap.
void requantize_32(const RefCall& call, const thimble_quantize& p) {
  with_number(call.in[0].type, [&]<class P>(P) {
    with_number(call.out[0].type, [&]<class Q>(Q) {
      const P* x = call.in[0].as<P>();
      Q* y = call.out[0].as<Q>();
      for (int64_t i = 0; i < p.n; ++i) {
        const int32_t centred = thimble_sub(static_cast<int32_t>(x[i]), p.x_zero);
        const int32_t v = thimble_add(thimble_rescale(centred, p.multiplier, p.shift), p.y.zero[0]);
        y[i] = static_cast<Q>(thimble_clamp(v, p.lo, p.hi));
      }
    });
  });
}

// The pairs that C has; false for the others.
bool cast_as_in_c(const RefCall& call, const thimble_cast& p) {
  const TensorView &x = call.in[0], &y = call.out[0];
#define CAST(from, From, to, To, value)                       \
  if (x.type == DType::from && y.type == DType::to) {         \
    thimble_cast_##from##_##to(&p, x.as<From>(), y.as<To>()); \
    return true;                                              \
  }
  THIMBLE_CASTS(CAST)
#undef CAST
  return false;
}

}  // namespace

void quantize(const RefCall& call) {
  const auto& p = call.plan<thimble_quantize>();
  const TensorView &xv = call.in[0], &yv = call.out[0];
  if (xv.type == DType::i32 || yv.type == DType::i32) return requantize_32(call, p);
  if (yv.type == DType::i8 && xv.type == DType::f32)
    return thimble_quantize_f32_s8(&p, xv.as<float>(), yv.as<int8_t>());
  if (yv.type == DType::i8 && xv.type == DType::i8) return thimble_quantize_s8_s8(&p, xv.as<int8_t>(), yv.as<int8_t>());
  with_integer(yv.type, [&]<class Q>(Q) {
    Q* y = yv.as<Q>();
    if (xv.type == DType::f32)
      return each(p.n, p.y, [&](int64_t i, float scale, int32_t zero) {
        y[i] = static_cast<Q>(thimble_quantized(xv.as<float>()[i], scale, zero, p.lo, p.hi));
      });
    with_integer(xv.type, [&]<class P>(P) {
      for (int64_t i = 0; i < p.n; ++i) y[i] = static_cast<Q>(thimble_requantized_value(&p, xv.as<P>()[i]));
    });
  });
}

void dequantize(const RefCall& call) {
  const auto& p = call.plan<thimble_dequantize>();
  const TensorView& xv = call.in[0];
  float* y = call.out[0].as<float>();
  if (xv.type == DType::i8) return thimble_dequantize_s8_f32(&p, xv.as<int8_t>(), y);
  if (xv.type == DType::f16) {
    for (int64_t i = 0; i < p.n; ++i) y[i] = half_to_float(xv.as<uint16_t>()[i]);
    return;
  }
  with_integer(xv.type, [&]<class Q>(Q) {
    each(p.n, p.x,
         [&](int64_t i, float scale, int32_t zero) { y[i] = thimble_dequantized(xv.as<Q>()[i], scale, zero); });
  });
}

void cast(const RefCall& call) {
  const auto& p = call.plan<thimble_cast>();
  if (cast_as_in_c(call, p)) return;
  with_type(call.in[0].type, [&]<class From>(From) {
    with_type(call.out[0].type, [&]<class To>(To) {
      const From* x = call.in[0].as<From>();
      To* y = call.out[0].as<To>();
      for (int64_t i = 0; i < p.n; ++i) y[i] = convert<To>(x[i]);
    });
  });
}

}  // namespace thimble::reference
