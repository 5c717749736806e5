#include "runtime/limits.h"

#include <atomic>

#include <unistd.h>

#include "runtime/program.h"

namespace thimble {
namespace {
std::atomic<int64_t> limit{PlanOptions{}.max_arena_bytes};
}

int64_t arena_limit() { return limit; }
void set_arena_limit(int64_t bytes) { limit = bytes; }

int64_t machine_memory_bytes() {
  const int64_t pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && bytes > 0 ? pages * bytes : 0;
}

}  // namespace thimble
