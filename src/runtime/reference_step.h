// The fallback of every lowering: one step that calls the operator's reference kernel.
#pragma once

#include "runtime/lower.h"

namespace thimble {

// What such a step is called (StepPlan::name).
inline constexpr std::string_view kReferenceStep = "reference";

void lower_to_reference(LowerContext& ctx);

}  // namespace thimble
