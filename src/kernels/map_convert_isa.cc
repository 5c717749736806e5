// Binary functions, byte tables, and conversions between float, half precision and int8.
#include <cstddef>

#include "kernels/f32_fill.h"
#include "kernels/map.h"
#include "kernels/vec.h"

namespace thimble {
namespace {

struct Add {
  static F f(F a, F b) { return a + b; }
};
struct Sub {
  static F f(F a, F b) { return a - b; }
};
struct Mul {
  static F f(F a, F b) { return a * b; }
};
struct Div {
  static F f(F a, F b) { return a / b; }
};
struct Maximum {
  static F f(F a, F b) { return greater(a, b); }
};
struct Minimum {
  static F f(F a, F b) { return lesser(a, b); }
};
struct SquaredDifference {
  static F f(F a, F b) { return (a - b) * (a - b); }
};

template <class Op>
void binary(const float* a, int sa, const float* b, int sb, float* y, int64_t n, float lo, float hi) {
  const F low = set1(lo), high = set1(hi);
  if (n <= 0) return;
  if (sa != 0 && sb != 0) {
    for_runs(n, [&](int64_t i, auto run) {
      store(y + i, clamp(Op::f(load(a + i, run), load(b + i, run)), low, high), run);
    });
  } else if (sa != 0) {
    const F one = set1(*b);
    for_runs(n, [&](int64_t i, auto run) { store(y + i, clamp(Op::f(load(a + i, run), one), low, high), run); });
  } else if (sb != 0) {
    const F one = set1(*a);
    for_runs(n, [&](int64_t i, auto run) { store(y + i, clamp(Op::f(one, load(b + i, run)), low, high), run); });
  } else {
    const F same = clamp(Op::f(set1(*a), set1(*b)), low, high);
    for_runs(n, [&](int64_t i, auto run) { store(y + i, same, run); });
  }
}

void lut_u8(const uint8_t* x, uint8_t* y, int64_t n, const uint8_t table[256]) {
  for (int64_t i = 0; i < n; ++i) y[i] = table[x[i]];
}

// Registers of the narrow types beside F.
typedef uint16_t H __attribute__((vector_size(2 * kLanes)));
typedef int8_t B __attribute__((vector_size(kLanes)));

template <class V, class T>
THIMBLE_INLINE V load_narrow(const T* p, Whole) {
  V x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}
template <class V, class T>
THIMBLE_INLINE V load_narrow(const T* p, Part part) {
  V x = {};
  for (int64_t l = 0; l < part.n; ++l) x[l] = p[l];
  return x;
}
template <class V, class T>
THIMBLE_INLINE void store_narrow(T* p, V x, Whole) {
  __builtin_memcpy(p, &x, sizeof x);
}
template <class V, class T>
THIMBLE_INLINE void store_narrow(T* p, V x, Part part) {
  for (int64_t l = 0; l < part.n; ++l) p[l] = static_cast<T>(x[l]);
}

#if THIMBLE_LANES == 16
THIMBLE_INLINE F widen(H h) { return (F)_mm512_cvtph_ps((__m256i)h); }
#elif THIMBLE_LANES == 8
THIMBLE_INLINE F widen(H h) { return (F)_mm256_cvtph_ps((__m128i)h); }
#else
// IEEE binary16: sign, 5 bits of exponent (bias 15), 10 of mantissa; a signalling NaN becomes quiet.
THIMBLE_INLINE F widen(H h) {
  const I all = __builtin_convertvector(h, I), magnitude = all & 0x7fff;
  I wide = (magnitude << 13) + (112 << 23);
  wide = magnitude >= 0x7c00 ? wide + (112 << 23) : wide;
  wide = magnitude > 0x7c00 ? wide | 0x400000 : wide;
  wide = magnitude < 0x0400 ? bits(to_float(magnitude) * 0x1p-24f) : wide;
  return from_bits(wide | ((all & 0x8000) << 16));
}
#endif

void f16_to_f32(const uint16_t* x, float* y, int64_t n) {
  for_runs(n, [&](int64_t i, auto run) { store(y + i, widen(load_narrow<H>(x + i, run)), run); });
}
// Nearest integer, halves away from zero, of |x| <= 2^22.
THIMBLE_INLINE I round_away(F x) {
  const I whole = to_int(x);
  const F rest = x - to_float(whole);  // exact
  return whole - (rest >= 0.5f) + (rest <= -0.5f);
}
THIMBLE_INLINE I limit(I x, int32_t lo, int32_t hi) {
  x = x < lo ? set1i(lo) : x;
  return x > hi ? set1i(hi) : x;
}

void quantize_s8(const float* x, int8_t* y, int64_t n, float scale, int32_t zero_point) {
  const F divisor = set1(scale);
  for_runs(n, [&](int64_t i, auto run) {
    const F v = load(x + i, run) / divisor;
    const F bounded = clamp(select(v == v, v, F{}), set1(-1024.0f), set1(1024.0f));  // NaN counts as 0
    store_narrow(y + i, __builtin_convertvector(limit(round_away(bounded) + zero_point, -128, 127), B), run);
  });
}

void dequantize_s8(const int8_t* x, float* y, int64_t n, float scale, int32_t zero_point) {
  for_runs(n, [&](int64_t i, auto run) {
    const I q = __builtin_convertvector(load_narrow<B>(x + i, run), I);
    store(y + i, to_float(q - zero_point) * scale, run);
  });
}

float quantize_row(const float* x, uint8_t* y, int64_t n) {
  F largest = {};
  for_runs(n, [&](int64_t i, auto run) { largest = greater(abs(load(x + i, run)), largest); });
  float top = 0.0f;
  for (int l = 0; l < kLanes; ++l) top = largest[l] > top ? largest[l] : top;
  if (top == 0.0f) {
    __builtin_memset(y, 128, static_cast<size_t>(n));
    return 1.0f;
  }
  const F inverse = set1(127.0f / top);
  for_runs(n, [&](int64_t i, auto run) {
    const F v = load(x + i, run) * inverse;
    const F bounded = clamp(select(v == v, v, F{}), set1(-1024.0f), set1(1024.0f));
    store_narrow(y + i, __builtin_convertvector(limit(round_away(bounded), -127, 127) + 128, B), run);
  });
  return top / 127.0f;
}

void range(const float* x, int64_t n, float* lo, float* hi) {
  F least = {}, most = {};
  for_runs(n, [&](int64_t i, auto run) {
    const F v = load(x + i, run);  // lanes beyond the end are 0
    least = lesser(v, least);
    most = greater(v, most);
  });
  *lo = *hi = 0;
  for (int l = 0; l < kLanes; ++l) {
    *lo = least[l] < *lo ? least[l] : *lo;
    *hi = most[l] > *hi ? most[l] : *hi;
  }
}

template <class Store>
THIMBLE_INLINE void quantize_asymmetric(const float* x, int64_t n, float inverse, int32_t zero_point, Store keep) {
  const F factor = set1(inverse), low = set1(-1024.0f), high = set1(1024.0f);
  for_runs(n, [&](int64_t i, auto run) {
    const F v = load(x + i, run) * factor;
    const F bounded = clamp(select(v == v, v, low), low, high);
    keep(i, limit(round_away(bounded) + zero_point, -128, 127), run);
  });
}

void quantize_shifted(const float* x, uint8_t* y, int64_t n, float inverse, int32_t zero_point) {
  quantize_asymmetric(x, n, inverse, zero_point,
                      [&](int64_t i, I q, auto run) { store_narrow(y + i, __builtin_convertvector(q + 128, B), run); });
}

void quantize_centred(const float* x, float* y, int64_t n, float inverse, int32_t zero_point) {
  quantize_asymmetric(x, n, inverse, zero_point,
                      [&](int64_t i, I q, auto run) { store(y + i, to_float(q - zero_point), run); });
}

void scale_columns(float* y, int64_t rows, int64_t n, const float* factor, const float* bias, float lo, float hi) {
  const F low = set1(lo), high = set1(hi);
  for (int64_t r = 0; r < rows; ++r, y += n) {
    if (bias) {
      for_runs(n, [&](int64_t c, auto run) {
        const F scaled = load(y + c, run) * load(factor + c, run);
        store(y + c, clamp(scaled + load(bias + c, run), low, high), run);
      });
    } else {
      for_runs(n, [&](int64_t c, auto run) {
        store(y + c, clamp(load(y + c, run) * load(factor + c, run), low, high), run);
      });
    }
  }
}

}  // namespace

void THIMBLE_FILL(map_convert)(MapKernels& table) {
  const auto set = [&](BinaryFn fn, auto f) { table.binary_f32[static_cast<int>(fn)] = f; };
  set(BinaryFn::add, binary<Add>);
  set(BinaryFn::sub, binary<Sub>);
  set(BinaryFn::mul, binary<Mul>);
  set(BinaryFn::div, binary<Div>);
  set(BinaryFn::maximum, binary<Maximum>);
  set(BinaryFn::minimum, binary<Minimum>);
  set(BinaryFn::squared_difference, binary<SquaredDifference>);
  table.lut_u8 = lut_u8;
  table.f16_to_f32 = f16_to_f32;
  table.quantize_s8 = quantize_s8;
  table.dequantize_s8 = dequantize_s8;
  table.quantize_row = quantize_row;
  table.range = range;
  table.quantize_shifted = quantize_shifted;
  table.quantize_centred = quantize_centred;
  table.scale_columns = scale_columns;
}

}  // namespace thimble
