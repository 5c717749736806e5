#include "formats/tflite/rule.h"
#include "ops/slice/slice.h"

namespace thimble::tflite_rule {
namespace {

// SliceOptions (union tag 48): no fields.
tflite::TfliteRule slice_rule() {
  return {{{65, 48}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::slice;
            ctx.node.attrs = SliceAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const DType type = ctx.in(0).type;
            ctx.builtin = 65;
            ctx.version = ctx.in(0).shape.rank() > 4 ? 5 : type == DType::i16 ? 4 : type == DType::i8 ? 2 : 1;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

// StridedSliceOptions (union tag 32): 0 begin_mask, 1 end_mask, 2 ellipsis_mask, 3 new_axis_mask,
// 4 shrink_axis_mask, 5 offset.
tflite::TfliteRule strided_slice_rule() {
  return {{{45, 32}},
          [](tflite::ReadContext& ctx) -> Status {
            const auto mask = [&](int field) -> int64_t {
              return static_cast<uint32_t>(ctx.options.scalar<int32_t>(field, 0));
            };
            ctx.node.op = Op::strided_slice;
            ctx.node.attrs =
                StridedSliceAttrs{mask(0), mask(1), mask(2), mask(3), mask(4), ctx.options.scalar<uint8_t>(5, 0) != 0};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            const auto& a = ctx.node.attrs.as<StridedSliceAttrs>();
            const DType type = ctx.in(0).type;
            ctx.builtin = 45;
            ctx.version = a.offset                             ? 8
                          : a.ellipsis_mask || a.new_axis_mask ? 6
                          : ctx.in(0).shape.rank() > 4         ? 4
                          : type == DType::boolean             ? 3
                          : type == DType::i8                  ? 2
                                                               : 1;
            ctx.options_table([&](tflite::TableWriter& t) {
              const int64_t masks[] = {a.begin_mask, a.end_mask, a.ellipsis_mask, a.new_axis_mask, a.shrink_axis_mask};
              for (int i = 0; i < 5; ++i)
                t.scalar<int32_t>(i, static_cast<int32_t>(static_cast<uint32_t>(masks[i])), 0);
              t.scalar<uint8_t>(5, a.offset, 0);
            });
            return {};
          }};
}

}  // namespace

tflite::TfliteRule slice(Op op) { return op == Op::slice ? slice_rule() : strided_slice_rule(); }

}  // namespace thimble::tflite_rule
