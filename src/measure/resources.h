// What this process uses: resident memory, page faults, processor share. Linux figures come from
// /proc/self; where a figure cannot be had the functions return 0 (memory) and say so here.
#pragma once

#include <cstdint>

namespace thimble {

// Highest resident memory of this process since start or since the last reset, in bytes (VmHWM).
// Unlike getrusage's ru_maxrss it does not contain the parent's memory before exec.
int64_t peak_rss_bytes();
// Resident memory now, in bytes (VmRSS).
int64_t current_rss_bytes();
// Sets the peak back to the current value (/proc/self/clear_refs). false where the system does
// not allow it: then only a process of its own gives a clean peak.
bool reset_peak_rss();

// Counters at one moment; subtract two of them with usage_between().
struct ResourceCounters {
  int64_t wall_ns = 0;        // read just before cpu_ns …
  int64_t wall_after_ns = 0;  // … and just after, so that a share of one thread never exceeds one core
  int64_t cpu_ns = 0;         // all threads, user and system
  int64_t minor_faults = 0;   // pages that were mapped without reading a disk
  int64_t major_faults = 0;   // pages that had to be read
  int64_t voluntary_switches = 0;
  int64_t involuntary_switches = 0;
};
ResourceCounters resource_counters();

struct ResourceUse {
  double seconds = 0;
  double cpu_seconds = 0;
  double cpu_share = 0;  // cpu_seconds / seconds: 1 is one core busy, 2 is two cores
  int64_t minor_faults = 0;
  int64_t major_faults = 0;
  int64_t voluntary_switches = 0;
  int64_t involuntary_switches = 0;
};
ResourceUse usage_between(const ResourceCounters& begin, const ResourceCounters& end);

}  // namespace thimble
