// Timed trials of one callable. The stopping rules are those of TFLite's benchmark_model: run at
// least num_runs times and at least min_secs, but stop at max_secs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "measure/latency_record.h"
#include "measure/resources.h"

namespace thimble {

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
  LatencyRecord warmup;          // the first reading is the first call ever
  LatencyRecord timed;           // in order
  int64_t runs_per_reading = 1;  // more where a run is shorter than a microsecond: the clock would be measured
  ResourceUse use;               // sums over the timed part, the clock's own work included
};

// Warms up, then runs until the rules are met. Where a run takes less than a microsecond, one reading
// of the clock covers several runs (at least 10 µs of them, but at least 50 readings are taken where
// the rules ask for so many runs). `cancelled` is asked every millisecond or run, whichever is longer;
// true ends with ErrorCode::interrupted. The first failing run ends all with its error.
Result<TrialSamples> run_trials(const TrialSubject& subject, const TrialRules& rules,
                                const std::function<bool()>& cancelled = {});

}  // namespace thimble
