#include "formats/tflite/rule.h"
#include "ops/non_max_suppression/non_max_suppression.h"

namespace thimble::tflite_rule {

// NON_MAX_SUPPRESSION_V4 120 and _V5 121 (NonMaxSuppressionV4Options 95, …V5Options 96): no fields.
tflite::TfliteRule non_max_suppression(Op op) {
  return op == Op::non_max_suppression_v4
             ? tflite::fieldless_rule<Op::non_max_suppression_v4, 120, 95, NonMaxSuppressionAttrs>()
             : tflite::fieldless_rule<Op::non_max_suppression_v5, 121, 96, NonMaxSuppressionAttrs>();
}

}  // namespace thimble::tflite_rule
