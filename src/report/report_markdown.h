// results.md of a study: the verdict in words and the comparison tables, for a README or an issue.
#pragma once

#include <string>

#include "report/study_result.h"

namespace thimble {

std::string report_markdown(const StudyResult& result);

}  // namespace thimble
