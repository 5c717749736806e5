// The step that moves elements: a planned strided copy between two tensors, shared by the lowerings
// of concatenation, split, slice, pad, transpose and broadcasting.
#pragma once

#include "ops/strided_copy.h"
#include "runtime/lower.h"

namespace thimble {

// Adds the step (none for an empty box), split over the plan's outermost dimension where it is long
// enough to be worth it.
void lower_copy(LowerContext& ctx, const thimble_strided_copy& plan, TensorId from, TensorId to);

// Adds a step that sets every element of `to` to the element at `value` (plan-time memory), or to the
// first element of tensor `value_tensor` when it is given.
void lower_fill(LowerContext& ctx, const uint8_t* value, TensorId value_tensor, TensorId to);

}  // namespace thimble
