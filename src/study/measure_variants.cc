#include "study/measure_variants.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/file.h"
#include "measure/clock.h"
#include "measure/drift.h"
#include "measure/resources.h"
#include "measure/stats.h"
#include "measure/subprocess.h"
#include "measure/trials.h"
#include "measure/units.h"
#include "study/evaluate.h"

namespace thimble {
namespace {

constexpr size_t kKeptSamples = 4000;  // latencies per measurement that go into the report's plots

// Per trial, so that all trials together make about 500.
size_t profiled_runs(int trials) { return static_cast<size_t>(std::max(5, 500 / std::max(trials, 1))); }

// One variant with its own session: a pass over the test set takes a time per sample.
struct Subject {
  std::unique_ptr<Session> session;
  std::vector<uint8_t> inputs;  // the prepared input bytes of every test sample
  size_t sample_bytes = 0;
  bool stateful = false;
  std::vector<double> latencies, passes, trial_us;
  std::vector<std::vector<double>> step_ns;  // of each step, one time per profiled run
  double cpu_seconds = 0, wall_seconds = 0;

  Status pass(bool counted) {
    const size_t count = inputs.size() / std::max<size_t>(sample_bytes, 1);
    const ResourceCounters before = resource_counters();
    for (size_t i = 0; i < count; ++i) {
      std::memcpy(session->input(0).data(), inputs.data() + i * sample_bytes, sample_bytes);
      if (stateful) session->reset_variables();
      const int64_t start = wall_ns();
      THIMBLE_TRY(session->run());
      if (counted) latencies.push_back(static_cast<double>(wall_ns() - start) * 1e-3);
    }
    const ResourceUse use = usage_between(before, resource_counters());
    if (!counted) return {};
    trial_us.push_back(median_of(std::span(latencies).last(count)));
    passes.push_back(use.seconds);
    cpu_seconds += use.cpu_seconds;
    wall_seconds += use.seconds;
    return {};
  }

  // Some runs with a clock between the steps, spread over the test set.
  Status profile(size_t runs) {
    const size_t count = inputs.size() / std::max<size_t>(sample_bytes, 1), steps = session->step_count();
    step_ns.resize(steps);
    Profile one;
    for (size_t k = 0; k < std::min(runs, count); ++k) {
      std::memcpy(session->input(0).data(), inputs.data() + k * count / std::min(runs, count) * sample_bytes,
                  sample_bytes);
      if (stateful) session->reset_variables();
      one.step_ns.assign(steps, 0);
      THIMBLE_TRY(session->run(&one));
      for (size_t s = 0; s < steps; ++s) step_ns[s].push_back(static_cast<double>(one.step_ns[s]));
    }
    return {};
  }
};

// What two readings of the clock after each other are apart, usually.
double clock_ns() {
  static const double cost = [] {
    std::vector<double> apart;
    for (int i = 0; i < 1001; ++i) {
      const int64_t start = wall_ns();
      apart.push_back(static_cast<double>(wall_ns() - start));
    }
    return median_of(apart);
  }();
  return cost;
}

Result<Subject> make_subject(const Variant& variant, const Dataset& test, const Feeding& feeding, int threads) {
  Subject s;
  THIMBLE_ASSIGN(auto program, Program::plan(variant.graph, {.threads = threads}));
  THIMBLE_ASSIGN(s.session, Session::create(std::move(program)));
  s.stateful = std::ranges::any_of(variant.graph.tensors, [](const Tensor& t) { return t.variable; });
  const Tensor& input = variant.graph.at(variant.graph.inputs[0]);
  s.sample_bytes = s.session->input(0).size();
  s.inputs.resize(s.sample_bytes * static_cast<size_t>(test.size()));
  SampleFeed feed(input, test, feeding);
  for (int64_t i = 0; i < test.size(); ++i)
    feed.put(i, {s.inputs.data() + static_cast<size_t>(i) * s.sample_bytes, s.sample_bytes});
  return s;
}

// "peak_rss_bytes": N out of the child's JSON; 0 when it is not there.
int64_t field_of(const std::string& json, const std::string& key) {
  const size_t at = json.find("\"" + key + "\":");
  return at == std::string::npos ? 0 : std::atoll(json.c_str() + at + key.size() + 3);
}

// Of a process that runs nothing but this variant; over spec.continuous seconds, where that is asked for, also its
// share of the processor.
int64_t peak_memory(const Variant& variant, int threads, const MeasureSpec& spec, const StudyOptions& options,
                    const StudyHooks& hooks, double* cpu_share, std::vector<std::string>* warnings) {
  if (spec.continuous > 0 && hooks.note)
    hooks.note(format("{}: running for {} without a pause", variant.spec.name, format_seconds(spec.continuous)));
  const auto child =
      run_self({"bench", options.out + "/" + variant.result.file, "--json", format("--num_threads={}", threads),
                spec.continuous > 0 ? "--num_runs=1" : "--num_runs=20", format("--min_secs={}", spec.continuous),
                format("--max_secs={}", spec.continuous + 60), "--warmup_min_secs=0"},
               {.timeout_seconds = 120 + 2 * spec.continuous, .cancelled = hooks.cancelled});
  if (child && spec.continuous > 0) {
    const size_t at = child->find("\"cpu_share\":");
    if (at != std::string::npos) *cpu_share = std::strtod(child->c_str() + at + 12, nullptr);
  }
  if (child) return field_of(*child, "peak_rss_bytes");
  warnings->push_back(format("peak memory of {} was not measured: {}", variant.spec.name, child.error().message));
  return 0;
}

Measurement summarise(Subject& s, int threads, int trials) {
  Measurement m;
  m.threads = threads;
  m.latency_us = summarize(s.latencies);
  m.test_set_seconds = {mean_of(s.passes), stddev_of(s.passes), trials};
  m.cpu_share = s.wall_seconds > 0 ? s.cpu_seconds / s.wall_seconds : kAbsent;
  m.trial_us = s.trial_us;
  // At even ranks, both ends among them: median, p99 and maximum of what is kept are those of all.
  std::vector<double> sorted = s.latencies;
  std::ranges::sort(sorted);
  const size_t kept = std::min(sorted.size(), kKeptSamples);
  for (size_t i = 0; i < kept; ++i)
    m.samples_us.push_back(sorted[kept == 1 ? 0 : i * (sorted.size() - 1) / (kept - 1)]);
  return m;
}

// Time per operator: the median of each step over all profiled runs, less what reading the clock takes. What the steps
// leave of the median of a whole run is a row of its own; steps that come to more (they were stopped to be timed) are
// scaled down to it.
std::vector<OperatorTime> operator_times(const Subject& subject, double whole_us) {
  std::vector<OperatorTime> list;
  const auto& steps = subject.session->program().steps();
  double sum = 0;
  for (size_t s = 0; s < subject.step_ns.size(); ++s) {
    const Node& node = subject.session->graph().nodes[static_cast<size_t>(steps[s].node)];
    if (s == 0 || steps[s].node != steps[s - 1].node) list.push_back({name(node.op), node.name, 0, 0});
    const double us = std::max(0.0, median_of(subject.step_ns[s]) - clock_ns()) * 1e-3;
    list.back().us += us;
    sum += us;
  }
  if (!(whole_us > 0) || list.empty()) return list;
  for (OperatorTime& o : list) {
    if (sum > whole_us) o.us *= whole_us / sum;
    o.share = o.us / whole_us;
  }
  if (const double rest = whole_us - sum; rest > 0) list.push_back({kOperatorRest, "", rest, rest / whole_us});
  return list;
}

}  // namespace

Status measure_variants(std::vector<Variant>& variants, const Dataset& test, const Feeding& feeding,
                        const MeasureSpec& spec, const StudyOptions& options, const StudyHooks& hooks,
                        std::vector<std::string>* warnings) {
  if (test.empty()) return {};
  for (const int threads : spec.threads) {
    std::vector<Subject> subjects;
    for (const Variant& v : variants) {
      THIMBLE_ASSIGN(Subject s, make_subject(v, test, feeding, threads));
      subjects.push_back(std::move(s));
    }
    const int64_t total = static_cast<int64_t>(spec.trials + 1) * static_cast<int64_t>(subjects.size());
    int64_t done = 0;
    const auto tell = [&](size_t v) {
      if (hooks.progress)
        hooks.progress({format("measuring, {} thread{}", threads, threads == 1 ? "" : "s"), done, total, "passes",
                        variants[v].spec.name});
    };
    for (int trial = -1; trial < spec.trials; ++trial)  // the first round warms up
      for (size_t v = 0; v < subjects.size(); ++v) {
        if (hooks.cancelled && hooks.cancelled())
          return fail(ErrorCode::interrupted, "the measurement was interrupted",
                      "run again with --resume: training is not repeated");
        if (done == 0) tell(v);  // a pass may take long
        THIMBLE_TRY(subjects[v].pass(trial >= 0));
        // In the same turns as what the steps have to add up to.
        if (trial >= 0 && threads == spec.threads.front()) THIMBLE_TRY(subjects[v].profile(profiled_runs(spec.trials)));
        ++done;
        tell(v);
      }
    for (size_t v = 0; v < subjects.size(); ++v) {
      Measurement m = summarise(subjects[v], threads, spec.trials);
      if (const std::string note = drift_note(variants[v].spec.name, m.trial_us); !note.empty())
        warnings->push_back(note);
      if (options.peak_memory)
        m.peak_rss_bytes = peak_memory(variants[v], threads, spec, options, hooks, &m.cpu_share, warnings);
      variants[v].result.measurements.push_back(std::move(m));
      if (threads == spec.threads.front())
        variants[v].result.operators =
            operator_times(subjects[v], variants[v].result.measurements.back().latency_us.p50);
    }
  }
  return {};
}

}  // namespace thimble
