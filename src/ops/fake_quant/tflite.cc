#include "formats/tflite/rule.h"
#include "ops/fake_quant/fake_quant.h"

namespace thimble::tflite_rule {

// FAKE_QUANT 80 (FakeQuantOptions, union tag 58): 0 min, 1 max, 2 num_bits, 3 narrow_range.
tflite::TfliteRule fake_quant(Op) {
  return {{{80, 58}},
          [](tflite::ReadContext& ctx) -> Status {
            if (ctx.options.scalar<uint8_t>(3, 0) != 0)
              return fail(ErrorCode::unsupported, "narrow_range is for weights: LiteRT does not run it either");
            ctx.node.op = Op::fake_quant;
            ctx.node.attrs = FakeQuantAttrs{ctx.options.scalar<float>(0, 0), ctx.options.scalar<float>(1, 0),
                                            ctx.options.scalar<int32_t>(2, 0)};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto& attrs = ctx.node.attrs.as<FakeQuantAttrs>();
            ctx.builtin = 80;
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<float>(0, attrs.min, 0);
              t.scalar<float>(1, attrs.max, 0);
              t.scalar<int32_t>(2, attrs.bits, 0);
            });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
