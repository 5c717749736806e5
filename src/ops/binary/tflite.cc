// ADD 0 (AddOptions, union tag 11), SUB 41 (28), MUL 18 (21), DIV 42 (29): field 0
// fused_activation. MAXIMUM 55 and MINIMUM 57 (MaximumMinimumOptions, 39) and SQUARED_DIFFERENCE 99
// (76) have no fields.
#include "formats/tflite/rule.h"
#include "ops/binary/binary.h"

namespace thimble::tflite_rule {
namespace {

using Demand = tflite::LeastScales (*)(const tflite::Scales&);
Demand least_scales(Op op) {
  switch (op) {
    // QuantizeMultiplierSmallerThanOneExp(2·max / (2^20 · output)).
    case Op::add:
    case Op::sub:
      return [](const tflite::Scales& s) -> tflite::LeastScales { return {.output = 2 * s.widest() * 0x1p-20}; };
    // The same of (2·max)² / (2^14 · output).
    case Op::squared_difference:
      return [](const tflite::Scales& s) -> tflite::LeastScales {
        return {.output = 4 * s.widest() * s.widest() * 0x1p-14};
      };
    // Products of up to 2^16 are shifted left in 32 bits.
    case Op::mul:
      return [](const tflite::Scales& s) -> tflite::LeastScales {
        const double both = s.inputs.size() > 1 ? double{s.inputs[0]} * s.inputs[1] : s.widest() * s.widest();
        return {.output = both * 0x1p-14};
      };
    default: return nullptr;
  }
}

template <Op kOp, int kCode, int kTag, bool kActivation>
tflite::TfliteRule rule() {
  return {{{kCode, kTag}},
          [](tflite::ReadContext& ctx) -> Status {
            BinaryAttrs attrs;
            if (kActivation) attrs.activation = ctx.options.enumeration(0, Activation::none, 6);
            ctx.node.op = kOp;
            ctx.node.attrs = attrs;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const Activation activation = ctx.node.attrs.as<BinaryAttrs>().activation;
            if (!kActivation && activation != Activation::none)
              return fail(ErrorCode::unsupported, format("{} has no fused activation in .tflite files", name(kOp)));
            ctx.builtin = kCode;
            const bool wide =
                std::max(ctx.in(0).shape.rank(), ctx.in(1).shape.rank()) > 4 && !(ctx.in(0).shape == ctx.in(1).shape);
            ctx.version = ctx.in(0).type == DType::i8 ? 2 : 1;
            if (wide && ctx.version < 3 && kOp == Op::sub) ctx.version = 3;
            ctx.options_table([&](tflite::TableWriter& t) {
              if (kActivation) t.scalar<int8_t>(0, static_cast<int8_t>(activation), 0);
            });
            return {};
          },
          least_scales(kOp)};
}

}  // namespace

tflite::TfliteRule binary(Op op) {
  switch (op) {
    case Op::add: return rule<Op::add, 0, 11, true>();
    case Op::sub: return rule<Op::sub, 41, 28, true>();
    case Op::mul: return rule<Op::mul, 18, 21, true>();
    case Op::div: return rule<Op::div, 42, 29, true>();
    case Op::maximum: return rule<Op::maximum, 55, 39, false>();
    case Op::minimum: return rule<Op::minimum, 57, 39, false>();
    default: return rule<Op::squared_difference, 99, 76, false>();
  }
}

}  // namespace thimble::tflite_rule
