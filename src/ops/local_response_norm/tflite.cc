#include "formats/tflite/rule.h"
#include "ops/local_response_norm/local_response_norm.h"

namespace thimble::tflite_rule {

// LOCAL_RESPONSE_NORMALIZATION 13, LocalResponseNormalizationOptions (union tag 13): 0 radius, 1 bias, 2 alpha, 3 beta.
tflite::TfliteRule local_response_norm(Op) {
  return {{{13, 13}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::local_response_norm;
            ctx.node.attrs = LocalResponseNormAttrs{ctx.options.scalar<int32_t>(0, 0), ctx.options.scalar<float>(1, 0),
                                                    ctx.options.scalar<float>(2, 0), ctx.options.scalar<float>(3, 0)};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto& a = ctx.node.attrs.as<LocalResponseNormAttrs>();
            ctx.builtin = 13;
            ctx.version = 1;
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int32_t>(0, a.radius, 0);
              t.scalar<float>(1, a.bias, 0);
              t.scalar<float>(2, a.alpha, 0);
              t.scalar<float>(3, a.beta, 0);
            });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
