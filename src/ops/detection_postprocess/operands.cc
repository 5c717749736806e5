#include "ops/operands.h"
#include "ops/detection_postprocess/detection_postprocess.h"

namespace thimble::operand_rule {

OperandRule detection_postprocess(Op) {
  return {.attributes = DetectionPostprocessAttrs{}, .roles = {Role::data}, .decides = Decides::detections};
}

}  // namespace thimble::operand_rule
