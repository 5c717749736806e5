// Elements of other tensors put together to one of shape [batch, time, features], by as few operators as it takes.
#pragma once

#include "ops/builder.h"
#include "passes/element_origins.h"

namespace thimble {

// `elements` are those wanted, in their order. Found are the rows of one tensor, whichever of batch and time is its
// outer axis, a stretch of it, forward or backward in time; tensors [batch, features] one per step; and groups of
// features of these kinds. A time of 1 gives [batch, features]. Nodes are appended to the graph. kNoTensor: nothing of
// this kind.
Result<TensorId> arrange(Builder& builder, std::span<const Element> elements, const Shape& shape,
                         const std::string& name);

}  // namespace thimble
