// A model's graph as the page that `inspect --html` writes.
#pragma once

#include "api/load.h"
#include "app/summary.h"
#include "formats/tflite/listing.h"
#include "report/page/report_graph.h"

namespace thimble::app {

GraphPage graph_page(const LoadedModel& model, const GraphSummary& summary);
// Of a file that cannot be read as a whole: its first subgraph, as far as the file says it.
GraphPage graph_page(const TfliteListing& listing, const std::string& title);

}  // namespace thimble::app
