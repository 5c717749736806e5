// The fallback of every lowering: one step that calls the operator's reference kernel.
#pragma once

#include "runtime/lower.h"

namespace thimble {

void lower_to_reference(LowerContext& ctx);

}  // namespace thimble
