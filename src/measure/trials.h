// Timed trials of several callables, interleaved A B A B … so that a machine that warms up or gets
// busy half way is felt by all of them alike. The stopping rules are those of TFLite's
// benchmark_model: run at least num_runs times and at least min_secs, but stop at max_secs.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "measure/resources.h"

namespace thimble {

// All times are per callable.
struct TrialRules {
  double warmup_min_seconds = 0.5;
  int64_t warmup_min_runs = 1;
  double min_seconds = 1.0;
  double max_seconds = 150.0;  // also bounds the warm-up
  int64_t num_runs = 50;
  double run_delay_seconds = 0;  // sleep before each timed run (not counted)

  // Exactly n timed runs after exactly `warmup` unmeasured ones, whatever they take.
  static TrialRules fixed(int64_t n, int64_t warmup = 1);
};

struct TrialSubject {
  std::string name;  // for error contexts
  std::function<Status()> run;
};

struct TrialSamples {
  std::vector<double> warmup_us;  // the first entry is the first call ever
  std::vector<double> us;         // one per timed run, in order
  ResourceUse use;                // sums over the timed runs only (seconds, cpu_share, faults)
};

// Runs warm-ups (one subject after the other), then rounds of one run each until every subject has
// met its rules. `cancelled` is asked between runs; true ends with ErrorCode::interrupted. The first
// failing run ends all with its error.
Result<std::vector<TrialSamples>> run_interleaved(std::span<const TrialSubject> subjects, const TrialRules& rules,
                                                  const std::function<bool()>& cancelled = {});
// One subject alone.
Result<TrialSamples> run_trials(const TrialSubject& subject, const TrialRules& rules,
                                const std::function<bool()>& cancelled = {});

}  // namespace thimble
