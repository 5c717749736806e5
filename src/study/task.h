// Whether a model means classes or numbers as targets.
#pragma once

#include <optional>

#include "data/table_layout.h"
#include "graph/graph.h"

namespace thimble {

// What the operator of a model's first output says: classes for a softmax, numbers for one output that is no sigmoid.
// Nothing where the values must decide. Of a recipe's layers: train/last_layer.h.
std::optional<Task> implied_task(const Graph& graph);

}  // namespace thimble
