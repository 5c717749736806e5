// `--weights` of the commands that write C, or say what it takes.
#pragma once

#include "app/command.h"
#include "micro/weight_forms.h"

namespace thimble::app {

void declare_weights(Options& options, micro::Weights* to);

}  // namespace thimble::app
