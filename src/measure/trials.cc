#include "measure/trials.h"

#include <algorithm>
#include <chrono>
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

tl::unexpected<Error> stopped() {
  return fail(ErrorCode::interrupted, "measuring was stopped", "run it again; nothing was written");
}

// Timed part of one call, added to `use`.
void add(ResourceUse& use, const ResourceUse& one) {
  use.seconds += one.seconds;
  use.cpu_seconds += one.cpu_seconds;
  use.minor_faults += one.minor_faults;
  use.major_faults += one.major_faults;
  use.voluntary_switches += one.voluntary_switches;
  use.involuntary_switches += one.involuntary_switches;
  use.cpu_share = use.seconds > 0 ? use.cpu_seconds / use.seconds : 0;
}

Status warm_up(const TrialSubject& subject, const TrialRules& rules, const std::function<bool()>& cancelled,
               std::vector<double>& out) {
  double total = 0;
  while (static_cast<int64_t>(out.size()) < rules.warmup_min_runs || total < rules.warmup_min_seconds) {
    if (cancelled && cancelled()) return stopped();
    const Stopwatch watch;
    if (Status status = subject.run(); !status) return with_context(std::move(status).error(), subject.name);
    out.push_back(watch.microseconds());
    total += out.back() * 1e-6;
    if (total >= rules.max_seconds) break;
  }
  return {};
}

bool finished(const TrialSamples& samples, const TrialRules& rules) {
  if (samples.use.seconds >= rules.max_seconds && !samples.us.empty()) return true;
  return static_cast<int64_t>(samples.us.size()) >= rules.num_runs && samples.use.seconds >= rules.min_seconds;
}

}  // namespace

Result<std::vector<TrialSamples>> run_interleaved(std::span<const TrialSubject> subjects, const TrialRules& rules,
                                                  const std::function<bool()>& cancelled) {
  std::vector<TrialSamples> all(subjects.size());
  for (size_t i = 0; i < subjects.size(); ++i) THIMBLE_TRY(warm_up(subjects[i], rules, cancelled, all[i].warmup_us));
  for (size_t i = 0; i < subjects.size(); ++i)
    all[i].us.reserve(static_cast<size_t>(std::clamp<int64_t>(rules.num_runs, 0, 1 << 16)));

  for (bool busy = true; busy;) {
    busy = false;
    for (size_t i = 0; i < subjects.size(); ++i) {
      if (finished(all[i], rules)) continue;
      busy = true;
      if (cancelled && cancelled()) return stopped();
      if (rules.run_delay_seconds > 0)
        std::this_thread::sleep_for(std::chrono::duration<double>(rules.run_delay_seconds));
      // The resource counters are read outside the timed span: a system call costs about a microsecond.
      const ResourceCounters before = resource_counters();
      const int64_t begin = wall_ns();
      Status status = subjects[i].run();
      const int64_t end = wall_ns();
      if (!status) return with_context(std::move(status).error(), subjects[i].name);
      ResourceUse one = usage_between(before, resource_counters());
      one.seconds = static_cast<double>(end - begin) * 1e-9;
      add(all[i].use, one);
      all[i].us.push_back(static_cast<double>(end - begin) * 1e-3);
    }
  }
  return all;
}

Result<TrialSamples> run_trials(const TrialSubject& subject, const TrialRules& rules,
                                const std::function<bool()>& cancelled) {
  auto all = run_interleaved({&subject, 1}, rules, cancelled);
  if (!all) return tl::unexpected<Error>(std::move(all).error());
  return std::move(all->front());
}

}  // namespace thimble
