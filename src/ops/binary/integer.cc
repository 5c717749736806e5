#include <cfloat>
#include <cmath>

#include "ops/binary/binary.h"
#include "ops/fixed_function.h"
#include "ops/weighted.h"

namespace thimble {

BinaryFn binary_fn(Op op) {
  switch (op) {
    case Op::sub: return BinaryFn::sub;
    case Op::mul: return BinaryFn::mul;
    case Op::div: return BinaryFn::div;
    case Op::maximum: return BinaryFn::maximum;
    case Op::minimum: return BinaryFn::minimum;
    case Op::squared_difference: return BinaryFn::squared_difference;
    default: return BinaryFn::add;
  }
}

void binary_range(BinaryFn fn, Activation activation, float* lo, float* hi) {
  activation_range(activation, lo, hi);
  if (fn == BinaryFn::maximum || fn == BinaryFn::minimum || fn == BinaryFn::squared_difference) return;
  *lo = std::fmax(*lo, -FLT_MAX);
  *hi = std::fmin(*hi, FLT_MAX);
}

BinaryInteger binary_integer(BinaryFn fn, Activation activation, DType type, const Quantization& a,
                             const Quantization& b, const Quantization& y) {
  BinaryInteger r{.fn = fn, .za = a.zero_point[0], .zb = b.zero_point[0], .zy = y.zero_point[0]};
  quantized_activation_range(activation, type, y, &r.lo, &r.hi);
  if (fn == BinaryFn::mul) {
    quantize_multiplier(a.scale[0] * b.scale[0] / y.scale[0], &r.y_multiplier, &r.y_shift);
    return r;
  }
  if (fn == BinaryFn::div) {
    quantize_multiplier(a.scale[0] / (b.scale[0] * y.scale[0]), &r.y_multiplier, &r.y_shift);
    return r;
  }
  const bool squared = fn == BinaryFn::squared_difference;
  r.left_shift = squared ? 7 : 20;
  const double twice = 2 * std::max(a.scale[0], b.scale[0]);
  quantize_multiplier(a.scale[0] / twice, &r.a_multiplier, &r.a_shift);
  quantize_multiplier(b.scale[0] / twice, &r.b_multiplier, &r.b_shift);
  const double out = squared ? twice * twice / static_cast<double>(16384 * y.scale[0])
                             : twice / static_cast<double>(1048576 * y.scale[0]);
  quantize_multiplier(out, &r.y_multiplier, &r.y_shift);
  return r;
}

int32_t BinaryInteger::scaled_a(int32_t a) const {
  return multiply_by_quantized_multiplier((a - za) * (1 << left_shift), a_multiplier, a_shift);
}
int32_t BinaryInteger::scaled_b(int32_t b) const {
  return multiply_by_quantized_multiplier((b - zb) * (1 << left_shift), b_multiplier, b_shift);
}
int32_t BinaryInteger::finish(int32_t a, int32_t b) const {
  int32_t raw = fn == BinaryFn::add ? a + b : a - b;
  if (fn == BinaryFn::squared_difference) raw *= raw;
  return std::clamp(fixed::add(multiply_by_quantized_multiplier(raw, y_multiplier, y_shift), zy), lo, hi);
}
namespace {

// rounding_divide_by_pot as LiteRT's reference computes it with exponents above 31 as well, which small quotients
// have: every bit counts as the remainder, and shift counts wrap at the width of a register. So 0 / y is one step
// above the zero point where the scales ask for it. Exponents are not negative.
int32_t wrapping_divide_by_pot(int32_t x, int exponent) {
  const auto mask = static_cast<int32_t>((uint64_t{1} << (exponent & 63)) - 1);
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> (exponent & 31)) + ((x & mask) > threshold ? 1 : 0);
}

// x / y by y's fixed-point reciprocal; the quotient of nothing is nothing, of anything else by 0 the
// largest or smallest value.
int32_t quotient(const BinaryInteger& f, int32_t x, int32_t y) {
  if (y == 0) return x == 0 ? std::clamp(f.zy, f.lo, f.hi) : x > 0 ? f.hi : f.lo;
  if (y < 0) {
    x = -x;
    y = -y;
  }
  int power;
  const int32_t reciprocal = fixed::reciprocal(y, 31, &power);
  const int headroom = std::countl_zero(static_cast<uint32_t>(x < 0 ? ~x : x)) - 1;
  const int32_t unscaled = fixed::mul(static_cast<int32_t>(static_cast<uint32_t>(x) << headroom), reciprocal);
  // Not negative: |x| < 2^8 leaves a headroom of 23 bits, up to which infer allows shifts.
  const int exponent = headroom + power - f.y_shift;
  const int32_t v = wrapping_divide_by_pot(fixed::mul(unscaled, f.y_multiplier), exponent);
  return std::clamp(fixed::add(v, f.zy), f.lo, f.hi);
}

}  // namespace

int32_t BinaryInteger::operator()(int32_t a, int32_t b) const {
  switch (fn) {
    case BinaryFn::maximum: return a > b ? a : b;
    case BinaryFn::minimum: return a < b ? a : b;
    case BinaryFn::mul:
      return std::clamp(fixed::add(multiply_by_quantized_multiplier((a - za) * (b - zb), y_multiplier, y_shift), zy),
                        lo, hi);
    case BinaryFn::div: return quotient(*this, a - za, b - zb);
    default: return finish(scaled_a(a), scaled_b(b));
  }
}

}  // namespace thimble
