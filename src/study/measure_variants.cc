#include "study/measure_variants.h"

#include <algorithm>
#include <cstring>

#include "base/file.h"
#include "measure/clock.h"
#include "measure/resources.h"
#include "measure/subprocess.h"
#include "measure/trials.h"
#include "study/evaluate.h"

namespace thimble {
namespace {

constexpr size_t kKeptSamples = 4000;  // latencies per measurement that go into the report's plots

// One variant with its own session: a pass over the test set takes a time per sample.
struct Subject {
  std::unique_ptr<Session> session;
  std::vector<uint8_t> inputs;  // the prepared input bytes of every test sample
  size_t sample_bytes = 0;
  bool stateful = false;
  std::vector<double> latencies, passes;
  double cpu_seconds = 0, wall_seconds = 0;

  void pass(bool counted) {
    const size_t count = inputs.size() / std::max<size_t>(sample_bytes, 1);
    const ResourceCounters before = resource_counters();
    for (size_t i = 0; i < count; ++i) {
      std::memcpy(session->input(0).data(), inputs.data() + i * sample_bytes, sample_bytes);
      if (stateful) session->reset_variables();
      const int64_t start = wall_ns();
      session->run();
      if (counted) latencies.push_back(static_cast<double>(wall_ns() - start) * 1e-3);
    }
    const ResourceUse use = usage_between(before, resource_counters());
    if (!counted) return;
    passes.push_back(use.seconds);
    cpu_seconds += use.cpu_seconds;
    wall_seconds += use.seconds;
  }
};

Result<Subject> make_subject(const Variant& variant, const Dataset& test, const Feeding& feeding, int threads) {
  Subject s;
  THIMBLE_ASSIGN(auto program, Program::plan(variant.graph, {.threads = threads}));
  THIMBLE_ASSIGN(s.session, Session::create(std::move(program)));
  s.stateful = std::ranges::any_of(variant.graph.tensors, [](const Tensor& t) { return t.variable; });
  const Tensor& input = variant.graph.at(variant.graph.inputs[0]);
  s.sample_bytes = s.session->input(0).size();
  s.inputs.resize(s.sample_bytes * static_cast<size_t>(test.size()));
  std::vector<float> values(static_cast<size_t>(test.sample_elements()));
  for (int64_t i = 0; i < test.size(); ++i) {
    feeding.sample(test, i, values.data());
    fill_input(input, values, {s.inputs.data() + static_cast<size_t>(i) * s.sample_bytes, s.sample_bytes});
  }
  return s;
}

// "peak_rss_bytes": N out of the child's JSON; 0 when it is not there.
int64_t field_of(const std::string& json, const std::string& key) {
  const size_t at = json.find("\"" + key + "\":");
  return at == std::string::npos ? 0 : std::atoll(json.c_str() + at + key.size() + 3);
}

// Of a process that runs nothing but this variant.
int64_t peak_memory(const Variant& variant, int threads, const StudyOptions& options, const StudyHooks& hooks,
                    std::vector<std::string>* warnings) {
  const auto child =
      run_self({"bench", options.out + "/" + variant.result.file, "--json", format("--num_threads={}", threads),
                "--num_runs=20", "--min_secs=0", "--warmup_min_secs=0"},
               {.timeout_seconds = 120, .cancelled = hooks.cancelled});
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
  const size_t step = std::max<size_t>(1, s.latencies.size() / kKeptSamples);
  for (size_t i = 0; i < s.latencies.size(); i += step) m.samples_us.push_back(s.latencies[i]);
  return m;
}

Status profile(Variant& variant, const Subject& subject) {
  THIMBLE_ASSIGN(auto program, Program::plan(variant.graph));
  THIMBLE_ASSIGN(auto session, Session::create(program));
  Profile profile;
  profile.step_ns.assign(program->steps().size(), 0);
  const size_t count = std::min<size_t>(subject.inputs.size() / std::max<size_t>(subject.sample_bytes, 1), 500);
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(session->input(0).data(), subject.inputs.data() + i * subject.sample_bytes, subject.sample_bytes);
    session->run(&profile);
  }
  double total = 0;
  for (uint64_t ns : profile.step_ns) total += static_cast<double>(ns);
  for (size_t s = 0; s < program->steps().size(); ++s) {
    const Node& node = program->graph().nodes[static_cast<size_t>(program->steps()[s].node)];
    auto& list = variant.result.operators;
    const double ns = static_cast<double>(profile.step_ns[s]);
    const bool same = s > 0 && program->steps()[s].node == program->steps()[s - 1].node;
    if (!same) list.push_back({name(node.op), node.name, 0, 0});
    list.back().us += ns * 1e-3 / static_cast<double>(std::max<size_t>(count, 1));
    list.back().share += total > 0 ? ns / total : 0;
  }
  return {};
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
    for (int trial = -1; trial < spec.trials; ++trial)  // the first round warms up
      for (size_t v = 0; v < subjects.size(); ++v) {
        if (hooks.cancelled && hooks.cancelled())
          return fail(ErrorCode::interrupted, "the measurement was interrupted",
                      "run again with --resume: training is not repeated");
        subjects[v].pass(trial >= 0);
        if (hooks.progress)
          hooks.progress({format("measuring, {} thread{}", threads, threads == 1 ? "" : "s"), ++done, total, "passes",
                          variants[v].spec.name});
      }
    for (size_t v = 0; v < subjects.size(); ++v) {
      Measurement m = summarise(subjects[v], threads, spec.trials);
      if (options.peak_memory) m.peak_rss_bytes = peak_memory(variants[v], threads, options, hooks, warnings);
      variants[v].result.measurements.push_back(std::move(m));
      if (threads == spec.threads.front()) THIMBLE_TRY(profile(variants[v], subjects[v]));
    }
  }
  return {};
}

}  // namespace thimble
