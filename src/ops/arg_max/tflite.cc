#include "formats/tflite/rule.h"
#include "formats/tflite/schema.h"
#include "ops/arg_max/arg_max.h"

namespace thimble::tflite_rule {
namespace {

template <Op kOp, int kCode, int kTag>
tflite::TfliteRule rule() {
  return {{{kCode, kTag}},
          [](tflite::ReadContext& ctx) -> Status {
            const int type = ctx.options.scalar<int8_t>(0, 0);
            const bool wide = type == schema::file_type(DType::i64);
            if (!wide && type != schema::file_type(DType::i32))
              return fail(ErrorCode::bad_file,
                          format("the output type {} is neither int32 nor int64", schema::type_name(type)));
            ctx.node.op = kOp;
            ctx.node.attrs = ArgMaxAttrs{wide};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = kCode;
            ctx.version = ctx.in(0).type == DType::boolean ? 3 : ctx.in(0).type == DType::i8 ? 2 : 1;
            const DType type = ctx.node.attrs.as<ArgMaxAttrs>().wide ? DType::i64 : DType::i32;
            ctx.options_table(
                [&](tflite::TableWriter& t) { t.scalar<int8_t>(0, static_cast<int8_t>(schema::file_type(type)), 0); });
            return {};
          }};
}

}  // namespace

// ARG_MAX 56 (ArgMaxOptions, union tag 40) and ARG_MIN 79 (ArgMinOptions, 57): 0 output_type.
tflite::TfliteRule arg_max(Op op) {
  return op == Op::arg_max ? rule<Op::arg_max, 56, 40>() : rule<Op::arg_min, 79, 57>();
}

}  // namespace thimble::tflite_rule
