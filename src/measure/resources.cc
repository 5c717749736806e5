#include "measure/resources.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <sys/resource.h>

#include "measure/clock.h"

namespace thimble {

namespace {
// One "Name:   123 kB" line of /proc/self/status, in bytes; 0 when absent.
int64_t status_bytes(const char* name) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/status", "r"), &std::fclose);
  if (!file) return 0;
  const size_t length = std::strlen(name);
  char line[256];
  while (std::fgets(line, sizeof line, file.get()))
    if (std::strncmp(line, name, length) == 0 && line[length] == ':')
      return std::strtoll(line + length + 1, nullptr, 10) * 1024;
  return 0;
}
}  // namespace

int64_t peak_rss_bytes() {
  if (const int64_t bytes = status_bytes("VmHWM")) return bytes;
  // Some kernels and emulators lack VmHWM. ru_maxrss may contain the parent's memory before exec.
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

int64_t current_rss_bytes() { return status_bytes("VmRSS"); }

bool reset_peak_rss() {
  FILE* file = std::fopen("/proc/self/clear_refs", "w");
  if (!file) return false;
  const bool written = std::fputs("5", file) >= 0;
  return std::fclose(file) == 0 && written;
}

ResourceCounters resource_counters() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  ResourceCounters c;
  c.wall_ns = wall_ns();
  c.cpu_ns = process_cpu_ns();
  c.wall_after_ns = wall_ns();
  c.minor_faults = usage.ru_minflt;
  c.major_faults = usage.ru_majflt;
  c.voluntary_switches = usage.ru_nvcsw;
  c.involuntary_switches = usage.ru_nivcsw;
  return c;
}

ResourceUse usage_between(const ResourceCounters& begin, const ResourceCounters& end) {
  ResourceUse use;
  use.seconds = static_cast<double>(end.wall_after_ns - begin.wall_ns) * 1e-9;
  use.cpu_seconds = static_cast<double>(end.cpu_ns - begin.cpu_ns) * 1e-9;
  use.cpu_share = use.seconds > 0 ? use.cpu_seconds / use.seconds : 0;
  use.minor_faults = end.minor_faults - begin.minor_faults;
  use.major_faults = end.major_faults - begin.major_faults;
  use.voluntary_switches = end.voluntary_switches - begin.voluntary_switches;
  use.involuntary_switches = end.involuntary_switches - begin.involuntary_switches;
  return use;
}

}  // namespace thimble
