// Which int8 tensors lie with their sign bits flipped. The kernels of dense products multiply unsigned bytes, q + 128:
// where what writes such an operand can store it so, and whatever else reads it can take it so, the pass that flips a
// plain one is not needed. It is decided over regions: tensors that must be of one form (views, operands of one
// addition, what is only moved) are decided together, and a region with a member that must be plain, for a step that
// knows plain bytes only, or as input or output of the graph, stays plain.
#pragma once

#include "passes/schedule.h"
#include "runtime/lower.h"

namespace thimble {

// Settles the forms, takes out the steps that are not needed any more and their scratch. Returns for each tensor
// whether it lies flipped.
std::vector<bool> settle_sign_bits(const Checked& checked, std::vector<StepPlan>& steps,
                                   std::vector<ScratchUse>& scratches);

}  // namespace thimble
