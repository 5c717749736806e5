// Computes at load time what depends on constants only.
#pragma once

#include "ops/check.h"

namespace thimble {

// Every node whose inputs are all constants is run once by its reference kernel and replaced by its
// outputs as constants: the dequantize nodes of float16 files, shape arithmetic of imported models.
// Nodes without inputs, with variables, or whose results would take more than 256 MB together stay.
// Constants that nothing reads any more are dropped.
Result<Graph> fold_constants(Graph graph);
Result<Checked> fold_constants(Checked checked);

}  // namespace thimble
