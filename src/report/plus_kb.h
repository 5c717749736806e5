// The column of tables by which some size studies rank models (study.parameters_plus_kb).
#pragma once

#include <string>

#include "report/study_result.h"

namespace thimble {

// "68,545.5"
std::string parameters_plus_kb_text(const VariantResult& v);

}  // namespace thimble
