// The plans that a search tries for a model: a grid over what each technique can be set to, from careful to bold.
#pragma once

#include "compress/search/search.h"
#include "graph/graph.h"

namespace thimble {

struct PlanSpace {
  // Sizes are of packed files, in which zeros and equal values count; otherwise of weights as exported C holds them, a
  // byte each, where only fewer channels help.
  bool packed = true;
  int64_t most_bytes = 0;  // plans that by their estimate end far from this are left out; 0: none
  // Layers that lose most by coarse weights: they keep 8 bits where a plan has fewer for the others. May be empty.
  std::vector<std::string> sensitive;
};

// Ordered by their estimated bytes, largest first. `float_graph` is as retrain() takes it. Plans that remove channels
// are only there where the model has some that can go. Errors: those of find_channels.
Result<std::vector<CompressionPlan>> candidate_plans(const Graph& float_graph, const PlanSpace& space);

// About how many bytes a plan makes of `parameters` trained numbers: bits per weight from the entropy of a normal
// distribution rounded to the plan's levels, plus −s·log2(s) − (1 − s)·log2(1 − s) for which of them are zero.
double estimated_bytes(const CompressionPlan& plan, int64_t parameters, bool packed);

}  // namespace thimble
