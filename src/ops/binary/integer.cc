#include <algorithm>

#include "base/fixed_point.h"
#include "ops/binary/binary.h"
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

void plan_integers(BinaryFn fn, Activation activation, DType type, const Quantization& a, const Quantization& b,
                   const Quantization& y, thimble_binary* plan) {
  plan->a_zero = a.zero_point[0];
  plan->b_zero = b.zero_point[0];
  plan->y_zero = y.zero_point[0];
  quantized_activation_range(activation, type, y, &plan->lo, &plan->hi);
  if (fn == BinaryFn::mul)
    return quantize_multiplier(a.scale[0] * b.scale[0] / y.scale[0], &plan->y_multiplier, &plan->y_shift);
  if (fn == BinaryFn::div)
    return quantize_multiplier(a.scale[0] / (b.scale[0] * y.scale[0]), &plan->y_multiplier, &plan->y_shift);
  const bool squared = fn == BinaryFn::squared_difference;
  plan->left_shift = squared ? 7 : type == DType::i16 ? 15 : 20;
  const double twice = 2 * std::max(a.scale[0], b.scale[0]);
  quantize_multiplier(a.scale[0] / twice, &plan->a_multiplier, &plan->a_shift);
  quantize_multiplier(b.scale[0] / twice, &plan->b_multiplier, &plan->b_shift);
  const double out = squared ? twice * twice / static_cast<double>(16384 * y.scale[0])
                             : twice / static_cast<double>(static_cast<float>(1 << plan->left_shift) * y.scale[0]);
  quantize_multiplier(out, &plan->y_multiplier, &plan->y_shift);
}

namespace {

// Both operands on the output's scale; the sum saturates at 16 bits before the activation.
int32_t shifted_sum(BinaryFn fn, const thimble_binary& plan, int32_t a, int32_t b) {
  const int32_t u = thimble_divide_by_power(a, -plan.a_shift), v = thimble_divide_by_power(b, -plan.b_shift);
  return thimble_clamp(thimble_clamp(fn == BinaryFn::sub ? u - v : u + v, -32768, 32767), plan.lo, plan.hi);
}

}  // namespace

int32_t binary_value(BinaryFn fn, const thimble_binary& plan, int32_t a, int32_t b) {
  if (plan.left_shift == kPowersOfTwo) return shifted_sum(fn, plan, a, b);
  switch (fn) {
    case BinaryFn::sub: return thimble_sub_value(&plan, a, b);
    case BinaryFn::mul: return thimble_mul_value(&plan, a, b);
    case BinaryFn::div: return thimble_div_value(&plan, a, b);
    case BinaryFn::maximum: return thimble_maximum_value(&plan, a, b);
    case BinaryFn::minimum: return thimble_minimum_value(&plan, a, b);
    case BinaryFn::squared_difference: return thimble_squared_difference_value(&plan, a, b);
    default: return thimble_add_value(&plan, a, b);
  }
}

}  // namespace thimble
