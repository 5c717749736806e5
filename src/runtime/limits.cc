#include "runtime/limits.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

#include "base/cpu.h"
#include "base/format.h"
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

int64_t available_bytes(std::string_view meminfo) {
  constexpr std::string_view kWord = "MemAvailable:";
  const size_t at = meminfo.find(kWord);
  if (at == std::string_view::npos) return 0;
  const size_t number = meminfo.find_first_not_of(" \t", at + kWord.size());
  int64_t kilobytes = 0;
  if (number != std::string_view::npos)
    std::from_chars(meminfo.data() + number, meminfo.data() + meminfo.size(), kilobytes);
  return std::clamp<int64_t>(kilobytes, 0, INT64_MAX / 1024) * 1024;
}

FreeMemory free_memory() {
  std::ifstream file("/proc/meminfo");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // The system's own estimate is too kind, and a layer's weights are counted when they are laid out: a board of 96 MB
  // was out of memory 8 MB below it.
  constexpr int64_t kSpare = 16 << 20;
  const int64_t machine = machine_memory_bytes(), available = available_bytes(text);
  FreeMemory left{available > 0 ? std::max<int64_t>(available - std::min(kSpare, machine / 5), 1) : machine};
  if (const int64_t may = control_group_memory(); may > 0 && (left.bytes == 0 || may < left.bytes)) left = {may, true};
  return left;
}

Status check_free_memory(const FreeMemory& left, int64_t arena, int64_t weights) {
  if (left.bytes <= 0 || (weights <= left.bytes && arena <= left.bytes - weights)) return {};
  const std::string needs = format("the model needs {} bytes of working memory or more", arena + weights) +
                            (weights > 0 ? format(" ({} of them for weights as kernels read them)", weights) : "");
  if (left.of_group)
    return fail(ErrorCode::out_of_memory,
                needs + format(", this process may take {} (its control group's limit)", left.bytes),
                "raise the limit (memory.max of its group, --memory of a container), or give it smaller inputs");
  return fail(
      ErrorCode::out_of_memory, needs + format(", {} of the machine's {} are free", left.bytes, machine_memory_bytes()),
      "end other programs, run it on a machine with more memory, or take a smaller model: thimble quantize --to int8");
}

}  // namespace thimble
