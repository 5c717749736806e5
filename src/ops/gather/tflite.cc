#include "formats/tflite/rule.h"
#include "ops/gather/gather.h"

namespace thimble::tflite_rule {

// GATHER 36, GatherOptions (union tag 23): 0 axis, 1 batch_dims.
tflite::TfliteRule gather(Op) {
  return {{{36, 23}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::gather;
            ctx.node.attrs = GatherAttrs{ctx.options.scalar<int32_t>(0, 0), ctx.options.scalar<int32_t>(1, 0)};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto& attrs = ctx.node.attrs.as<GatherAttrs>();
            const DType type = ctx.in(0).type;
            ctx.builtin = 36;
            ctx.version = attrs.batch_dims != 0    ? 5
                          : type == DType::i16     ? 4
                          : type == DType::boolean ? 3
                          : type == DType::i8      ? 2
                                                   : 1;
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int32_t>(0, attrs.axis, 0);
              t.scalar<int32_t>(1, attrs.batch_dims, 0);
            });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
