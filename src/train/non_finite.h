// Which tensor went bad first.
#pragma once

#include "runtime/program.h"

namespace thimble {

// Checks the variables, then runs steps [0, last) one by one and looks at what each node wrote.
struct NonFinite {
  std::string what;  // a sentence naming the first tensor with a NaN or infinity, its operator and shape
  bool in_data = false;
};
NonFinite first_non_finite(Session& session, size_t last);

}  // namespace thimble
