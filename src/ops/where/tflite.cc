#include "formats/tflite/rule.h"
#include "ops/where/where.h"

namespace thimble::tflite_rule {

// WHERE 109, WhereOptions (union tag 85): no fields.
tflite::TfliteRule where(Op) {
  return {{{109, 85}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::where;
            ctx.node.attrs = WhereAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 109;
            ctx.version = ctx.in(0).type == DType::boolean ? 1 : 2;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace thimble::tflite_rule
