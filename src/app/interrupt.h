// Ctrl-C: the first one asks running work to stop at the next good moment, the second one ends the
// process at once.
#pragma once

#include "base/result.h"

namespace thimble::app {

void install_interrupt_handler();
// SIGINT or SIGTERM has come: long loops ask this between steps.
bool interrupted();
// The error to return then; `done` says what was saved or how far it got ("3 of 30 trials").
tl::unexpected<Error> interrupted_error(std::string done = {});

}  // namespace thimble::app
