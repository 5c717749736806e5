#include "formats/tflite/rule.h"
#include "ops/non_max_suppression/non_max_suppression.h"

namespace thimble::tflite_rule {
namespace {

template <Op kOp, int kCode, int kTag>
tflite::TfliteRule rule() {
  return {{{kCode, kTag}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = kOp;
            ctx.node.attrs = NonMaxSuppressionAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = kCode;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace

// NON_MAX_SUPPRESSION_V4 120 and _V5 121 (NonMaxSuppressionV4Options 95, …V5Options 96): no fields.
tflite::TfliteRule non_max_suppression(Op op) {
  return op == Op::non_max_suppression_v4 ? rule<Op::non_max_suppression_v4, 120, 95>()
                                          : rule<Op::non_max_suppression_v5, 121, 96>();
}

}  // namespace thimble::tflite_rule
