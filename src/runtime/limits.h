// How much working memory a model may take in this process.
#pragma once

#include <string>

#include "base/result.h"

namespace thimble {

// What plans without a limit of their own (PlanOptions::max_arena_bytes) go by: 4 GiB, unless it was set. To be set
// before anything is planned: the command line does it for --max-memory.
int64_t arena_limit();
void set_arena_limit(int64_t bytes);

// The refusal of a model that is legal but not for this limit: "WHAT bytes bytes, the limit is …", with the option that
// raises it. Error: unsupported.
tl::unexpected<Error> arena_too_large(const std::string& what, int64_t bytes, int64_t limit);

// Of the machine; 0 where it does not say.
int64_t machine_memory_bytes();

}  // namespace thimble
