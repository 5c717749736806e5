// results.csv of a study: one line per variant and thread count, RFC 4180 quoting, header first.
// Sweep rows carry their key and value in the first two columns.
#pragma once

#include <string>

#include "report/study_result.h"

namespace thimble {

std::string report_csv(const StudyResult& result);

}  // namespace thimble
