#include "formats/tflite/rule.h"
#include "ops/segment/segment.h"

namespace thimble::tflite_rule {
namespace {

template <Op kOp, int kCode, int kTag>
tflite::TfliteRule rule() {
  return {{{kCode, kTag}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = kOp;
            ctx.node.attrs = SegmentAttrs{};
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = kCode;
            ctx.options_table([](tflite::TableWriter&) {});
            return {};
          }};
}

}  // namespace

// Codes and union tags of options without fields.
tflite::TfliteRule segment(Op op) {
  switch (op) {
    case Op::segment_sum: return rule<Op::segment_sum, 125, 100>();
    case Op::unsorted_segment_sum: return rule<Op::unsorted_segment_sum, 155, 121>();
    case Op::unsorted_segment_prod: return rule<Op::unsorted_segment_prod, 153, 118>();
    case Op::unsorted_segment_max: return rule<Op::unsorted_segment_max, 154, 119>();
    default: return rule<Op::unsorted_segment_min, 157, 120>();
  }
}

}  // namespace thimble::tflite_rule
