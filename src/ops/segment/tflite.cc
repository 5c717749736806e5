#include "formats/tflite/rule.h"
#include "ops/segment/segment.h"

namespace thimble::tflite_rule {

// Codes and union tags of options without fields.
tflite::TfliteRule segment(Op op) {
  switch (op) {
    case Op::segment_sum: return tflite::fieldless_rule<Op::segment_sum, 125, 100, SegmentAttrs>();
    case Op::unsorted_segment_sum: return tflite::fieldless_rule<Op::unsorted_segment_sum, 155, 121, SegmentAttrs>();
    case Op::unsorted_segment_prod: return tflite::fieldless_rule<Op::unsorted_segment_prod, 153, 118, SegmentAttrs>();
    case Op::unsorted_segment_max: return tflite::fieldless_rule<Op::unsorted_segment_max, 154, 119, SegmentAttrs>();
    default: return tflite::fieldless_rule<Op::unsorted_segment_min, 157, 120, SegmentAttrs>();
  }
}

}  // namespace thimble::tflite_rule
