// What the values of a constant are like.
#pragma once

#include "graph/graph.h"
#include "report/page/report_graph.h"

namespace thimble::app {

struct WeightFacts {
  float low = 0, high = 0;
  double zero_share = 0;
  Histogram histogram;
};

// Over the real values; of int4 and of nothing, nothing. bins: of the histogram; 0: none.
WeightFacts facts_of(const Tensor& tensor, size_t bins = 0);

}  // namespace thimble::app
