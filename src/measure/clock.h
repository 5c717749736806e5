// Clocks for measuring: wall time that never jumps, and processor time of the process and of the
// calling thread. All in nanoseconds since an arbitrary start, so only differences mean anything.
#pragma once

#include <cstdint>
#include <ctime>

namespace thimble {

inline int64_t read_clock_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

// Wall time; not moved by changes of the date.
inline int64_t wall_ns() { return read_clock_ns(CLOCK_MONOTONIC); }
// Processor time of all threads of this process, user and system.
inline int64_t process_cpu_ns() { return read_clock_ns(CLOCK_PROCESS_CPUTIME_ID); }
// Processor time of the calling thread.
inline int64_t thread_cpu_ns() { return read_clock_ns(CLOCK_THREAD_CPUTIME_ID); }

// Seconds since its making, or since restart().
class Stopwatch {
 public:
  double seconds() const { return static_cast<double>(wall_ns() - start_) * 1e-9; }
  double microseconds() const { return static_cast<double>(wall_ns() - start_) * 1e-3; }
  void restart() { start_ = wall_ns(); }

 private:
  int64_t start_ = wall_ns();
};

}  // namespace thimble
