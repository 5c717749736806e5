#include "formats/tflite/rule.h"
#include "ops/lsh_projection/lsh_projection.h"

namespace thimble::tflite_rule {

// LSH_PROJECTION 15, LSHProjectionOptions (union tag 4): 0 type (1 sparse, 2 dense).
tflite::TfliteRule lsh_projection(Op) {
  return {{{15, 4}},
          [](tflite::ReadContext& ctx) -> Status {
            const auto type = ctx.options.scalar<int8_t>(0, 0);
            if (type != 1 && type != 2) return fail(ErrorCode::bad_file, format("projection of type {}", type));
            ctx.node.op = Op::lsh_projection;
            ctx.node.attrs = LshProjectionAttrs{type == 2};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const bool dense = ctx.node.attrs.as<LshProjectionAttrs>().dense;
            ctx.builtin = 15;
            ctx.options_table([&](tflite::TableWriter& t) { t.scalar<int8_t>(0, dense ? 2 : 1, 0); });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
