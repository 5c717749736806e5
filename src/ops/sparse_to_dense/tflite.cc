#include "formats/tflite/rule.h"
#include "ops/sparse_to_dense/sparse_to_dense.h"

namespace thimble::tflite_rule {

// SPARSE_TO_DENSE 68, SparseToDenseOptions (union tag 50): 0 validate_indices.
tflite::TfliteRule sparse_to_dense(Op) {
  return {{{68, 50}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::sparse_to_dense;
            ctx.node.attrs = SparseToDenseAttrs{ctx.options.scalar<uint8_t>(0, 0) != 0};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 68;
            const DType type = ctx.in(2).type;
            ctx.version = type == DType::i8 || type == DType::u8 ? 3 : type == DType::i64 ? 2 : 1;
            const bool validate = ctx.node.attrs.as<SparseToDenseAttrs>().validate_indices;
            ctx.options_table([&](tflite::TableWriter& t) { t.scalar<uint8_t>(0, validate, 0); });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
