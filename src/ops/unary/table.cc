// The 8-bit forms, evaluated for all 256 inputs.
#include <cmath>

#include "ops/fixed_function.h"
#include "ops/unary/unary.h"
#include "ops/weighted.h"

namespace thimble {
namespace {

struct Scaling {
  int32_t multiplier = 0;
  int shift = 0;
  int32_t operator()(int32_t x) const { return multiply_by_quantized_multiplier(x, multiplier, shift); }
};
Scaling scaling(double real) {
  Scaling s;
  quantize_multiplier(real, &s.multiplier, &s.shift);
  return s;
}

int16_t saturate16(int64_t v) { return static_cast<int16_t>(std::clamp<int64_t>(v, -32768, 32767)); }
// A Q31 multiplier rounded to Q15.
int16_t halve(int32_t multiplier) {
  return multiplier >= 0x7fff7fff ? int16_t{32767} : static_cast<int16_t>((multiplier + (1 << 15)) >> 16);
}

// TFLite's hard_swish: 16-bit fixed point, the relu-like factor in [0, 1] on a scale of 3/32768.
struct HardSwish {
  HardSwish(float x_scale, float y_scale) {
    const float fine = (1.0f / 128.0f) * x_scale;
    int32_t multiplier;
    quantize_multiplier(fine / y_scale, &multiplier, &out_exponent);
    out_multiplier = halve(multiplier);
    quantize_multiplier(fine / (3.0f / 32768.0f), &multiplier, &gate_exponent);
    gate_multiplier = halve(multiplier);
  }
  int32_t operator()(int32_t x) const {  // x without its zero point
    const auto fine = static_cast<int16_t>(x * 128);
    const int16_t scaled = saturating_rounding_doubling_high_mul(fine, out_multiplier);
    int16_t gate = fine;
    if (gate_exponent > 0) gate = saturate16(int64_t{gate} << std::min(gate_exponent - 1, 30));
    gate = saturating_rounding_doubling_high_mul(gate, gate_multiplier);
    if (gate_exponent > 0) gate = saturate16(int64_t{gate} * 2);
    if (gate_exponent < 0)
      gate = static_cast<int16_t>(rounding_divide_by_pot(int32_t{gate}, std::min(-gate_exponent, 31)));
    gate = static_cast<int16_t>((gate + (1 << 15)) >> 1);
    const auto product = static_cast<int16_t>(gate * scaled / (1 << 15));  // toward zero
    return rounding_divide_by_pot(int32_t{product}, std::clamp(-out_exponent, 0, 31));
  }
  int16_t out_multiplier, gate_multiplier;
  int out_exponent, gate_exponent;
};

}  // namespace

void unary_table(const UnaryRow& row, float alpha, DType type, const Quantization& x, const Quantization& y,
                 uint8_t table[256]) {
  const int32_t low = type == DType::u8 ? 0 : -128, high = low + 255;
  const float sx = x.scale[0], sy = y.scale[0];
  const int32_t zx = x.zero_point[0], zy = y.zero_point[0];
  const auto put = [&](int32_t q, int64_t value) {
    table[static_cast<uint8_t>(q)] = static_cast<uint8_t>(std::clamp<int64_t>(value, low, high));
  };
  if (row.traits.clamps()) {
    int32_t lo, hi;
    quantized_range(row.traits.low, row.traits.high, type, y, &lo, &hi);
    const Scaling s = scaling(sx / sy);
    for (int32_t q = low; q <= high; ++q) put(q, std::clamp(zy + s(q - zx), lo, hi));
    return;
  }
  switch (row.op) {
    case Op::leaky_relu: {
      const Scaling same = scaling(sx / sy), below = scaling(std::fabs(sx * alpha / sy));
      for (int32_t q = low; q <= high; ++q) {
        const int32_t v = q - zx;
        put(q, int64_t{zy} + (v >= 0 ? same(v) : alpha < 0 ? -int64_t{below(v)} : below(v)));
      }
      return;
    }
    case Op::hard_swish: {
      const HardSwish f(sx, sy);
      for (int32_t q = low; q <= high; ++q) put(q, int64_t{f(q - zx)} + zy);
      return;
    }
    case Op::abs: {
      const Scaling s = scaling(sx / sy);
      for (int32_t q = low; q <= high; ++q) {
        const int32_t v = std::abs(q - zx);
        put(q, int64_t{zy} + (sx == sy ? v : s(v)));
      }
      return;
    }
    case Op::rsqrt: {
      // Values below zero have no root: the largest output stands for them, as for zero.
      const Scaling s = scaling(1.0 / (std::sqrt(sx) * sy));
      for (int32_t q = low; q <= high; ++q) {
        const int32_t v = q - zx;
        if (v <= 0) {
          put(q, high);
          continue;
        }
        const fixed::Multiplier root = fixed::inverse_root(v);
        const int32_t wide = multiply_by_quantized_multiplier(1, root.multiplier, root.shift + 20);
        put(q, int64_t{multiply_by_quantized_multiplier(wide, s.multiplier, s.shift - 20)} + zy);
      }
      return;
    }
    case Op::neg:
      if (type != DType::i8) break;
      for (int32_t q = low; q <= high; ++q) table[static_cast<uint8_t>(q)] = static_cast<uint8_t>(-q);
      return;
    case Op::sqrt:
      if (type != DType::i8) break;
      for (int32_t q = low; q <= high; ++q) {
        const float root = std::sqrt(sx * static_cast<float>(std::max(q - zx, 0)));
        put(q, static_cast<int64_t>(std::min(root / sy, 1e6f)) + zy);
      }
      return;
    default: break;
  }
  const float inverse = 1 / sy;
  for (int32_t q = low; q <= high; ++q) {
    const float value = sx * static_cast<float>(q - zx);
    const float f = row.op == Op::log && value <= 0 ? static_cast<float>(low - zy) * sy : row.value_f32(value, alpha);
    const float rounded = std::round(f * inverse);
    put(q, rounded == rounded ? static_cast<int64_t>(std::clamp(rounded + static_cast<float>(zy), -1e6f, 1e6f)) : zy);
  }
}

}  // namespace thimble
