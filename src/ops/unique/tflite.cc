#include "formats/tflite/rule.h"
#include "ops/unique/unique.h"

namespace thimble::tflite_rule {

// UNIQUE 103, UniqueOptions (union tag 80): 0 idx_out_type (2 int32, 4 int64).
tflite::TfliteRule unique(Op) {
  return {{{103, 80}},
          [](tflite::ReadContext& ctx) -> Status {
            const auto type = ctx.options.scalar<int8_t>(0, 2);
            if (type != 2 && type != 4)
              return fail(ErrorCode::bad_file, format("indices of type {}, neither int32 nor int64", type));
            ctx.node.op = Op::unique;
            ctx.node.attrs = UniqueAttrs{type == 4};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const bool wide = ctx.node.attrs.as<UniqueAttrs>().wide;
            ctx.builtin = 103;
            ctx.options_table([&](tflite::TableWriter& t) { t.scalar<int8_t>(0, wide ? 4 : 2, 2); });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
