// report.html of a study: one self-contained file (inline CSS, SVG and a little JavaScript, nothing
// fetched), light and dark, printable, readable on a telephone, raw numbers embedded. Never larger
// than 500 KB: points, rows and pictures are thinned out until it fits, and the report says so.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/study_result.h"

namespace thimble {

inline constexpr size_t kReportMaxBytes = 500'000;

std::string report_html(const StudyResult& result);

// Every plot of the page as an SVG file of its own, named after its section and title
// ("tradeoff_accuracy_against_bytes").
struct PlotFile {
  std::string name, svg;
};
std::vector<PlotFile> report_plots(const StudyResult& result);

}  // namespace thimble
