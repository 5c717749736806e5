// One block of memory for all activations, scratch and variables; each gets an offset such that
// nothing that lives at the same time overlaps.
#pragma once

#include <span>
#include <string>

#include "graph/graph.h"

namespace thimble {

struct ArenaItem {
  std::string name;
  int64_t bytes = 0;
  int first_step = 0, last_step = 0;  // inclusive lifetime
  int64_t offset = 0;                 // result
};

// Two items that may share bytes although both are in use: the second lies at most `most` or at least `least` bytes
// behind the first (one that is written while the other is read, and never over what is still to be read).
struct ArenaOverlap {
  size_t first = 0, second = 0;  // items
  int64_t most = 0, least = 0;
};

// How many bytes two items of these sizes share at the distance where they share the most.
int64_t shared_bytes(int64_t first, int64_t second, const ArenaOverlap& overlap);

struct ArenaPlan {
  std::vector<ArenaItem> items;
  int64_t bytes = 0;              // whole arena
  int64_t variable_bytes = 0;     // of which: values kept between runs (at the start)
  int64_t lower_bound = 0;        // the most that is alive at one step: no plan can be smaller
  std::string to_string() const;  // a table, in the order of offsets
};

struct ArenaOptions {
  int64_t alignment = 64;  // of every offset and of the whole: a cache line on hosts, 4 to 16 on microcontrollers
  int64_t max_bytes = int64_t{4} << 30;
  // Orders to try where the plan is above the lower bound. A host plans whenever it loads; what is planned once for a
  // device may try thousands.
  int attempts = 60;
};

// Greedy by size (largest first, lowest free offset); above 4,096 items first-fit in order of time, which stays fast.
// Source: Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020. At most 128 items are
// tried in other orders where that does not reach the lower bound.
Result<ArenaPlan> plan_arena(std::vector<ArenaItem> items, const ArenaOptions& options = {},
                             std::span<const ArenaOverlap> overlaps = {});

// The refusal of a model that is legal but not for this limit: "WHAT bytes bytes, the limit is …", with the option that
// raises it. Error: unsupported.
tl::unexpected<Error> arena_too_large(const std::string& what, int64_t bytes, int64_t limit);

}  // namespace thimble
