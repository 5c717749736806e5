// What is known of a model's input before the model is read (docs/notes/values-that-decide-shapes.md).
#pragma once

#include <optional>

#include "graph/graph.h"

namespace thimble {

// One per input of the file, in its order. With a value, the input is a constant of the graph that is read: it is not
// among Graph::inputs (nor its name among input_names), where the inputs that are left stand in the file's order.
// What follows from it is known while reading, so that operators may take shapes, axes and the like from it.
struct KnownInput {
  std::optional<Shape> shape;  // for free dimensions, and for the value; none: the file's
  Data value;                  // elements of the input's type, in that shape; none: known at run time only
};

}  // namespace thimble
