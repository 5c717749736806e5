#include "formats/tflite/rule.h"
#include "ops/one_hot/one_hot.h"

namespace thimble::tflite_rule {

// ONE_HOT 85, OneHotOptions (union tag 61): 0 axis.
tflite::TfliteRule one_hot(Op) {
  return {{{85, 61}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::one_hot;
            ctx.node.attrs = OneHotAttrs{ctx.options.scalar<int32_t>(0, 0)};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 85;
            const int axis = ctx.node.attrs.as<OneHotAttrs>().axis;
            ctx.options_table([&](tflite::TableWriter& t) { t.scalar<int32_t>(0, axis, 0); });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
