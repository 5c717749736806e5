// Whether a recipe means classes or numbers as targets.
#pragma once

#include <optional>

#include "data/table_layout.h"
#include "train/spec.h"

namespace thimble {

// What loss and last layer say: classes for a cross-entropy or a softmax, numbers for one output that is no sigmoid.
// Nothing where the values must decide: one sigmoid, several linear outputs, soft labels behind another loss.
std::optional<Task> implied_task(const ModelSpec& model, LossChoice loss);
// The same for a model from a file.
std::optional<Task> implied_task(const Graph& graph);

}  // namespace thimble
