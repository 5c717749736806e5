// Builtin codes and union tags as in unary.def. Options with fields: LeakyReluOptions (tag 75):
// 0 alpha; GeluOptions (tag 116): 0 approximate. ELU has no options: its alpha is 1.
#include <cmath>

#include "formats/tflite/rule.h"
#include "ops/unary/unary.h"

namespace thimble::tflite_rule {
namespace {

using Demand = tflite::LeastScales (*)(const tflite::Scales&);
Demand least_scales(Op op) {
  switch (op) {
    // Differences of up to 2^8 are shifted left in 32 bits.
    case Op::relu:
    case Op::relu6:
    case Op::relu_n1_to_1:
    case Op::leaky_relu:
    case Op::abs:
      return [](const tflite::Scales& s) -> tflite::LeastScales { return {.output = s.widest() * 0x1p-14}; };
    // The multiplier 1 / (√input · output) meets roots of 20 bits: neither side leaves 32.
    case Op::rsqrt:
      return [](const tflite::Scales& s) -> tflite::LeastScales {
        return {.output = 0x1p-29 / std::sqrt(s.widest()), .most = 0x1p11 / std::sqrt(s.widest())};
      };
    // The multiplier input / 128 / output has a negative exponent, of 16 bits: not below −15.
    case Op::hard_swish:
      return [](const tflite::Scales& s) -> tflite::LeastScales {
        return {.input = double{s.output} * 0x1p-8, .output = s.widest() / 128};
      };
    // Inputs are brought to 4 integer bits by a left shift.
    case Op::sigmoid:
    case Op::tanh: return [](const tflite::Scales&) -> tflite::LeastScales { return {.input = 0x1p-27}; };
    default: return nullptr;
  }
}

// The first version of a builtin that has the operand's type.
int version_of(Op op, const Tensor& x) {
  switch (x.type) {
    case DType::i8: return unary_row(op).traits.int8_version;
    case DType::i32: return op == Op::abs ? 5 : op == Op::sign ? 2 : 1;
    case DType::i16:
      return op == Op::abs                                      ? (x.quant.empty() ? 4 : 3)
             : op == Op::exp || op == Op::log || op == Op::sqrt ? 2
             : op == Op::leaky_relu                             ? 2
             : op == Op::neg                                    ? 1
                                                                : 3;
    default: return 1;
  }
}

template <Op kOp, int kCode, int kTag>
tflite::TfliteRule rule() {
  return {{{kCode, kTag}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = kOp;
            UnaryAttrs attrs;
            if (kOp == Op::leaky_relu) attrs.alpha = ctx.options.scalar<float>(0, 0);
            if (kOp == Op::gelu) attrs.approximate = ctx.options.scalar<uint8_t>(0, 0) != 0;
            if (kOp == Op::elu) attrs.alpha = 1;
            ctx.node.attrs = attrs;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            if (kOp != Op::sign) THIMBLE_TRY(ctx.lacks({DType::f64}));
            const auto& attrs = ctx.node.attrs.as<UnaryAttrs>();
            if (kOp == Op::elu && attrs.alpha != 1)
              return fail(ErrorCode::unsupported,
                          format("ELU has no alpha in .tflite files, this one is {}", attrs.alpha),
                          "decompose the graph before writing");
            ctx.builtin = kCode;
            ctx.version = version_of(kOp, ctx.in(0));
            if (kTag != 0)
              ctx.options_table([&](tflite::TableWriter& t) {
                if (kOp == Op::leaky_relu) t.scalar<float>(0, attrs.alpha, 0);
                if (kOp == Op::gelu) t.scalar<uint8_t>(0, attrs.approximate, 0);
              });
            return {};
          },
          least_scales(kOp)};
}

}  // namespace

tflite::TfliteRule unary(Op op) {
  static constexpr struct {
    Op op;
    tflite::TfliteRule (*rule)();
  } kRules[] = {
#define UNARY(id, kernel, packed, code, tag, ...) {Op::id, rule<Op::id, code, tag>},
#include "ops/unary/unary.def"
  };
  for (const auto& row : kRules)
    if (row.op == op) return row.rule();
  return {};
}

}  // namespace thimble::tflite_rule
