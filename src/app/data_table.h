// `thimble data show csv:PATH`: the columns of a table.
#pragma once

#include <string>

#include "app/command.h"

namespace thimble::app {

// Type, missing values, range or most frequent values of each column; the target, its task and classes. A table that
// could not be used as it stands is shown with the reason. Errors: bad_file when it is no table.
Status show_table(const std::string& set, const std::string& target, const Context& context);

}  // namespace thimble::app
