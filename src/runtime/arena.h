// One block of memory for all activations, scratch and variables; each gets an offset such that
// nothing that lives at the same time overlaps.
#pragma once

#include <string>

#include "graph/graph.h"

namespace thimble {

struct ArenaItem {
  std::string name;
  int64_t bytes = 0;
  int first_step = 0, last_step = 0;  // inclusive lifetime
  int64_t offset = 0;                 // result
};

struct ArenaPlan {
  std::vector<ArenaItem> items;
  int64_t bytes = 0;              // whole arena
  int64_t variable_bytes = 0;     // of which: values kept between runs (at the start)
  int64_t lower_bound = 0;        // the most that is alive at one step: no plan can be smaller
  std::string to_string() const;  // a table, in the order of offsets
};

// Greedy by size (largest first, lowest free offset), 64-byte aligned; above 4,096 items first-fit
// in order of time, which stays fast. Source: Pisarchyk and Lee, "Efficient memory management for
// deep neural net inference", 2020.
Result<ArenaPlan> plan_arena(std::vector<ArenaItem> items, int64_t max_bytes);

}  // namespace thimble
