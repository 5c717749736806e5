#include "formats/tflite/rule.h"
#include "ops/transpose/transpose.h"

namespace thimble::tflite_rule {

// TransposeOptions (union tag 26): no fields.
tflite::TfliteRule transpose(Op) {
  return {{{39, 26}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::transpose;
            ctx.node.attrs = TransposeAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const Tensor& x = ctx.in(0);
            ctx.builtin = 39;
            ctx.version = x.shape.rank() > 5         ? 6
                          : x.type == DType::i16     ? 5
                          : x.shape.rank() > 4       ? 4
                          : x.type == DType::boolean ? 3
                          : x.type == DType::i8      ? 2
                                                     : 1;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace thimble::tflite_rule
