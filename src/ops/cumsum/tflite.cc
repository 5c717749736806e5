#include "formats/tflite/rule.h"
#include "ops/cumsum/cumsum.h"

namespace thimble::tflite_rule {

// CUMSUM 128 (CumsumOptions, union tag 102): 0 exclusive, 1 reverse.
tflite::TfliteRule cumsum(Op) {
  return {
      {{128, 102}},
      [](tflite::ReadContext& ctx) -> Status {
        ctx.node.op = Op::cumsum;
        ctx.node.attrs = CumsumAttrs{ctx.options.scalar<uint8_t>(0, 0) != 0, ctx.options.scalar<uint8_t>(1, 0) != 0};
        return {};
      },
      [](tflite::WriteContext& ctx) -> Status {
        THIMBLE_TRY(ctx.lacks({DType::f64}));
        const auto& attrs = ctx.node.attrs.as<CumsumAttrs>();
        ctx.builtin = 128;
        ctx.options_table([&](tflite::TableWriter& t) {
          t.scalar<uint8_t>(0, attrs.exclusive, 0);
          t.scalar<uint8_t>(1, attrs.reverse, 0);
        });
        return {};
      }};
}

}  // namespace thimble::tflite_rule
