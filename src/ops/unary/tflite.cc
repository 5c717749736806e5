// Builtin codes and union tags as in unary.def. Options with fields: LeakyReluOptions (tag 75):
// 0 alpha; GeluOptions (tag 116): 0 approximate. ELU has no options: its alpha is 1.
#include "formats/tflite/rule.h"
#include "ops/unary/unary.h"

namespace thimble::tflite_rule {
namespace {

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
            const auto& attrs = ctx.node.attrs.as<UnaryAttrs>();
            if (kOp == Op::elu && attrs.alpha != 1)
              return fail(ErrorCode::unsupported,
                          format("ELU has no alpha in .tflite files, this one is {}", attrs.alpha),
                          "decompose the graph before writing");
            ctx.builtin = kCode;
            ctx.version = ctx.in(0).type == DType::i8 ? unary_row(kOp).traits.int8_version : 1;
            if (kTag != 0)
              ctx.options_table([&](tflite::TableWriter& t) {
                if (kOp == Op::leaky_relu) t.scalar<float>(0, attrs.alpha, 0);
                if (kOp == Op::gelu) t.scalar<uint8_t>(0, attrs.approximate, 0);
              });
            return {};
          }};
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
