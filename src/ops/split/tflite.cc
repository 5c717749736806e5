#include "formats/tflite/rule.h"
#include "ops/split/split.h"

namespace thimble::tflite_rule {
namespace {

// SPLIT 49 (SplitOptions, union tag 35) and SPLIT_V 102 (SplitVOptions, 79): 0 num_splits.
template <Op kOp, int kCode, int kTag>
tflite::TfliteRule rule() {
  return {{{kCode, kTag}},
          [](tflite::ReadContext& ctx) -> Status {
            const int32_t count = ctx.options.scalar<int32_t>(0, 0);
            if (count < 1 || static_cast<size_t>(count) != ctx.node.outputs.size())
              return fail(ErrorCode::bad_file,
                          format("num_splits is {} with {} outputs", count, ctx.node.outputs.size()));
            ctx.node.op = kOp;
            ctx.node.attrs = SplitAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = kCode;
            const DType type = ctx.in(static_cast<size_t>(split_inputs(kOp).x)).type;
            if (kOp == Op::split) {
              ctx.version = type == DType::i16 ? 4 : type == DType::i32 ? 3 : type == DType::i8 ? 2 : 1;
            } else {
              ctx.version = type == DType::i8 ? 2 : 1;
            }
            const auto count = static_cast<int32_t>(ctx.node.outputs.size());
            ctx.options_table([&](tflite::TableWriter& t) { t.scalar<int32_t>(0, count, 0); });
            return {};
          }};
}

// UNPACK 88, UnpackOptions (union tag 64): 0 num, 1 axis.
tflite::TfliteRule unpack_rule() {
  return {{{88, 64}},
          [](tflite::ReadContext& ctx) -> Status {
            const int32_t count = ctx.options.scalar<int32_t>(0, 0);
            if (count < 1 || static_cast<size_t>(count) != ctx.node.outputs.size())
              return fail(ErrorCode::bad_file, format("num is {} with {} outputs", count, ctx.node.outputs.size()));
            ctx.node.op = Op::unpack;
            ctx.node.attrs = UnpackAttrs{ctx.options.scalar<int32_t>(1, 0)};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const DType type = ctx.in(0).type;
            ctx.builtin = 88;
            ctx.version = type == DType::i16                       ? 4
                          : type == DType::boolean                 ? 3
                          : type == DType::i8 || type == DType::u8 ? 2
                                                                   : 1;
            const auto count = static_cast<int32_t>(ctx.node.outputs.size());
            ctx.options_table([&](tflite::TableWriter& t) {
              t.scalar<int32_t>(0, count, 0);
              t.scalar<int32_t>(1, ctx.node.attrs.as<UnpackAttrs>().axis, 0);
            });
            return {};
          }};
}

}  // namespace

tflite::TfliteRule split(Op op) {
  return op == Op::split ? rule<Op::split, 49, 35>() : op == Op::split_v ? rule<Op::split_v, 102, 79>() : unpack_rule();
}

}  // namespace thimble::tflite_rule
