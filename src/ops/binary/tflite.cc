// ADD 0 (AddOptions, union tag 11), SUB 41 (28), MUL 18 (21), DIV 42 (29): field 0
// fused_activation; ADD and SUB: 1 pot_scale_int16. MAXIMUM 55 and MINIMUM 57 (MaximumMinimumOptions, 39) and
// SQUARED_DIFFERENCE 99 (76) have no fields.
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

// The first version of a builtin that has the operands' type.
int version_of(Op op, const Tensor& a) {
  switch (a.type) {
    case DType::i8: return 2;
    case DType::i16:
      if (op == Op::add || op == Op::mul) return a.quant.empty() ? (op == Op::add ? 5 : 7) : op == Op::add ? 3 : 4;
      return op == Op::sub ? 5 : op == Op::div ? 1 : 4;
    case DType::i64: return op == Op::add || op == Op::sub ? 4 : op == Op::mul ? 5 : 1;
    case DType::u32: return 7;
    case DType::c64: return 6;
    case DType::f16: return op == Op::add ? 6 : op == Op::mul ? 8 : 1;
    default: return 1;
  }
}

bool of_int16(const Graph& graph, const Node& node) {
  return !node.inputs.empty() && node.inputs[0] != kNoTensor && graph.at(node.inputs[0]).type == DType::i16;
}

template <Op kOp, int kCode, int kTag, bool kActivation>
tflite::TfliteRule rule() {
  constexpr bool kShifts = kOp == Op::add || kOp == Op::sub;
  return {{{kCode, kTag}},
          [](tflite::ReadContext& ctx) -> Status {
            BinaryAttrs attrs;
            if (kActivation) attrs.activation = ctx.options.enumeration(0, Activation::none, 6);
            if (kShifts && of_int16(ctx.graph, ctx.node))
              attrs.pot_scale_int16 = ctx.options.scalar<uint8_t>(1, 1) != 0;
            ctx.node.op = kOp;
            ctx.node.attrs = attrs;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            THIMBLE_TRY(ctx.lacks({DType::f64, DType::u64}));
            if (kOp == Op::div) THIMBLE_TRY(ctx.lacks({DType::i64, DType::u32}));
            const Activation activation = ctx.node.attrs.as<BinaryAttrs>().activation;
            if (!kActivation && activation != Activation::none)
              return fail(ErrorCode::unsupported, format("{} has no fused activation in .tflite files", name(kOp)));
            ctx.builtin = kCode;
            const bool wide =
                std::max(ctx.in(0).shape.rank(), ctx.in(1).shape.rank()) > 4 && !(ctx.in(0).shape == ctx.in(1).shape);
            ctx.version = version_of(kOp, ctx.in(0));
            if (wide && ctx.version < 3 && kOp == Op::sub) ctx.version = 3;
            ctx.options_table([&](tflite::TableWriter& t) {
              if (kActivation) t.scalar<int8_t>(0, static_cast<int8_t>(activation), 0);
              if (kShifts && of_int16(ctx.graph, ctx.node))
                t.scalar<uint8_t>(1, ctx.node.attrs.as<BinaryAttrs>().pot_scale_int16, 1);
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
