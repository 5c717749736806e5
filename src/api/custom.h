// Operators that a program brings along, as the rest of the library sees them.
#pragma once

#include "ops/custom/custom.h"
#include "thimble/thimble.h"

namespace thimble::api {

CustomOperators custom_operators(const std::map<std::string, std::shared_ptr<const CustomOperator>>& own);

}  // namespace thimble::api
