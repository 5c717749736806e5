#include "compress/quantize/quant_rule.h"

#include <cmath>

#include "ops/unary/unary.h"

namespace thimble::quant_rule {

// Integer where TFLite has the operator in int8 too; sigmoid and tanh have fixed outputs.
QuantRule unary(const Node& node) {
  switch (node.op) {
    case Op::sigmoid: return {.output = QuantRule::Output::fixed, .fixed_scale = 1.0f / 256, .fixed_zero_point = -128};
    case Op::tanh: return {.output = QuantRule::Output::fixed, .fixed_scale = 1.0f / 128, .fixed_zero_point = 0};
    default: break;
  }
  const UnaryTraits& traits = unary_row(node.op).traits;
  if (!traits.in_int8) return {.integer = false};
  // Clamped values lie on the input's grid: a scale of their own would only round them again, and TFLite Micro's
  // RELU6 takes both scales for equal.
  if (traits.clamps() && std::isfinite(traits.high)) return {.output = QuantRule::Output::same_as_input};
  return {};
}

}  // namespace thimble::quant_rule
