#include "measure/trials.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "measure/clock.h"

namespace thimble {

TrialRules TrialRules::fixed(int64_t n, int64_t warmup) {
  TrialRules rules;
  rules.warmup_min_seconds = 0;
  rules.warmup_min_runs = warmup;
  rules.min_seconds = 0;
  rules.max_seconds = 1e18;
  rules.num_runs = n;
  return rules;
}

namespace {

constexpr double kShortRun = 1, kLeastReading = 10;  // µs
constexpr int64_t kLeastReadings = 50, kEnoughToTell = 5;
constexpr double kBlockSeconds = 1e-3;  // between two looks at the resource counters, which cost a microsecond each

tl::unexpected<Error> stopped() {
  return fail(ErrorCode::interrupted, "measuring was stopped", "run it again; nothing was written");
}

void add(ResourceUse& use, const ResourceUse& one) {
  use.seconds += one.seconds;
  use.cpu_seconds += one.cpu_seconds;
  use.minor_faults += one.minor_faults;
  use.major_faults += one.major_faults;
  use.voluntary_switches += one.voluntary_switches;
  use.involuntary_switches += one.involuntary_switches;
  use.cpu_share = use.seconds > 0 ? use.cpu_seconds / use.seconds : 0;
}

// Seconds that `runs` runs took.
Result<double> timed(const TrialSubject& subject, int64_t runs) {
  const int64_t begin = wall_ns();
  for (int64_t i = 0; i < runs; ++i)
    if (Status status = subject.run(); !status) return with_context(std::move(status).error(), subject.name);
  return static_cast<double>(wall_ns() - begin) * 1e-9;
}

Status warm_up(const TrialSubject& subject, const TrialRules& rules, const std::function<bool()>& cancelled,
               LatencyRecord& out) {
  const Stopwatch watch;
  while (out.runs() < rules.warmup_min_runs || watch.seconds() < rules.warmup_min_seconds) {
    if (cancelled && cancelled()) return stopped();
    THIMBLE_ASSIGN(const double seconds, timed(subject, 1));
    out.add(seconds * 1e6);
    if (watch.seconds() >= rules.max_seconds) break;
  }
  return {};
}

// By the median of what ran until now; the first call of all is no measure.
int64_t runs_per_reading(const TrialRules& rules, const LatencyRecord& record) {
  if (rules.run_delay_seconds > 0 || record.readings() < kEnoughToTell) return 1;
  const double us = record.percentile(50);
  if (us >= kShortRun) return 1;
  const auto wanted = static_cast<int64_t>(std::ceil(kLeastReading / std::max(us, 0.01)));
  const bool by_time = rules.min_seconds * 1e6 >= kLeastReading * static_cast<double>(kLeastReadings);
  return by_time ? wanted : std::clamp<int64_t>(rules.num_runs / kLeastReadings, 1, wanted);
}

}  // namespace

Result<TrialSamples> run_trials(const TrialSubject& subject, const TrialRules& rules,
                                const std::function<bool()>& cancelled) {
  TrialSamples samples;
  THIMBLE_TRY(warm_up(subject, rules, cancelled, samples.warmup));
  samples.runs_per_reading = runs_per_reading(rules, samples.warmup);
  LatencyRecord& record = samples.timed;
  double elapsed = 0;  // in the blocks that have ended
  const auto finished = [&](double so_far) {
    if (so_far >= rules.max_seconds && !record.empty()) return true;
    return record.runs() >= rules.num_runs && so_far >= rules.min_seconds;
  };
  while (!finished(elapsed)) {
    if (cancelled && cancelled()) return stopped();
    if (rules.run_delay_seconds > 0)
      std::this_thread::sleep_for(std::chrono::duration<double>(rules.run_delay_seconds));
    const ResourceCounters before = resource_counters();
    const Stopwatch block;
    do {
      if (record.readings() == kEnoughToTell && samples.warmup.readings() < kEnoughToTell)
        samples.runs_per_reading = runs_per_reading(rules, record);
      int64_t runs = samples.runs_per_reading;
      if (rules.num_runs > record.runs()) runs = std::min(runs, rules.num_runs - record.runs());
      THIMBLE_ASSIGN(const double seconds, timed(subject, runs));
      record.add(seconds * 1e6 / static_cast<double>(runs), runs);
    } while (rules.run_delay_seconds <= 0 && block.seconds() < kBlockSeconds && !finished(elapsed + block.seconds()));
    add(samples.use, usage_between(before, resource_counters()));
    elapsed = samples.use.seconds;
  }
  return samples;
}

}  // namespace thimble
