// How much working memory a model may take in this process.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace thimble {

// What plans without a limit of their own (PlanOptions::max_arena_bytes) go by: 4 GiB, unless it was set. To be set
// before anything is planned: the command line does it for --max-memory.
int64_t arena_limit();
void set_arena_limit(int64_t bytes);

// Of the machine; 0 where it does not say.
int64_t machine_memory_bytes();

// What this process can still take without anybody being killed or memory going to a disk: what the machine has left
// (swap does not count), or what the control group allows where that is less. 0 where nobody says.
struct FreeMemory {
  int64_t bytes = 0;
  bool of_group = false;  // the control group's limit is the narrower one
};
FreeMemory free_memory();
// Said before it is taken: a small board would kill this process, or the one that serves its network, without a word.
// `arena`: bytes of working memory; `weights`: of weights as kernels read them. Errors: out_of_memory, with the
// numbers.
Status check_free_memory(const FreeMemory& left, int64_t arena, int64_t weights);
// MemAvailable of the text of /proc/meminfo in bytes; 0 where there is none.
int64_t available_bytes(std::string_view meminfo);

}  // namespace thimble
