#include "compress/quantize/quant_rule.h"
#include "ops/unary/unary.h"

namespace thimble::quant_rule {

// Integer where TFLite has the operator in int8 too; sigmoid and tanh have fixed outputs.
QuantRule unary(const Node& node) {
  switch (node.op) {
    case Op::sigmoid: return {.output = QuantRule::Output::fixed, .fixed_scale = 1.0f / 256, .fixed_zero_point = -128};
    case Op::tanh: return {.output = QuantRule::Output::fixed, .fixed_scale = 1.0f / 128, .fixed_zero_point = 0};
    // Clamped values lie on the input's grid: a scale of their own would only round them again, and TFLite Micro's
    // RELU6 takes both scales for equal.
    case Op::relu6:
    case Op::relu_n1_to_1: return {.output = QuantRule::Output::same_as_input};
    case Op::relu:
    case Op::leaky_relu:
    case Op::elu:
    case Op::gelu:
    case Op::exp:
    case Op::log:
    case Op::rsqrt:
    case Op::abs:
    case Op::hard_swish: return {};
    default: return {.integer = false};
  }
}

}  // namespace thimble::quant_rule
