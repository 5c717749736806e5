// How much working memory a model may take in this process.
#pragma once

#include <cstdint>

namespace thimble {

// What plans without a limit of their own (PlanOptions::max_arena_bytes) go by: 4 GiB, unless it was set. To be set
// before anything is planned: the command line does it for --max-memory.
int64_t arena_limit();
void set_arena_limit(int64_t bytes);

// Of the machine; 0 where it does not say.
int64_t machine_memory_bytes();

}  // namespace thimble
