// Which operators run row by row, so that the arena is small.
#pragma once

#include "micro/memory.h"

namespace thimble::micro {

// Lowers the highest place of the memory plan as long as some chain does, then drops, shortens and coarsens chains as
// long as the arena is at most a tenth larger than that: what needs no chain has none. Greedy; no order of the graph's
// nodes but its own.
Result<std::vector<RowChain>> find_row_chains(const Checked& checked,
                                              std::span<const std::optional<RowOperator>> operators,
                                              std::span<const Scratch> scratch, int64_t alignment);

}  // namespace thimble::micro
