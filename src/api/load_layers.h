// Models for commands that measure, change or export them: recurrent layers that the file has as loops are layers.
#pragma once

#include "api/load.h"

namespace thimble {

// load_model, and raise_loops of passes/raise_loops.h: LSTM layers then keep their states from run to run, until
// Session::reset_variables().
Result<LoadedModel> load_layers(const std::string& path);
// The same of a model that was read; errors name it.
Status raise_layers(LoadedModel& model);

}  // namespace thimble
