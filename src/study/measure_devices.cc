#include "study/measure_devices.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "data/sha256.h"
#include "measure/drift.h"
#include "runtime/tensor_values.h"
#include "study/device_answers.h"

namespace thimble {
namespace {

using Json = nlohmann::json;

constexpr int64_t kEmulatedSamples = 1000;  // emulation takes ten times as long, or more
constexpr double kRunSeconds = 3600;
const std::string kCounted = "instructions are those of one run on one thread, counted by qemu-user for its processor";

int64_t sample_count(const Tensor& input, const Dataset& test, bool emulated) {
  const int64_t fit = std::max<int64_t>(1, kMostDeviceBytes / std::max<int64_t>(input.bytes(), 1));
  return std::min({test.size(), fit, emulated ? kEmulatedSamples : test.size()});
}

double number(const Json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_number() ? at->get<double>() : kAbsent;
}

void read_latency(const Json& json, LatencySummary* latency) {
  const std::pair<const char*, double*> fields[] = {
      {"p50", &latency->p50},       {"p90", &latency->p90}, {"p99", &latency->p99}, {"mean", &latency->mean},
      {"stddev", &latency->stddev}, {"min", &latency->min}, {"max", &latency->max}};
  for (const auto& [key, to] : fields)
    if (const double value = number(json, key); std::isfinite(value)) *to = value;
  if (const double count = number(json, "count"); std::isfinite(count)) latency->count = static_cast<int64_t>(count);
}

// What `thimble-run bench --json` says; what is kept in OUT/items has the same fields, and the answers' beside them.
void read_bench(const Json& json, DeviceVariant* v) {
  if (!json.is_object()) return;
  if (const auto latency = json.find("latency_us"); latency != json.end() && latency->is_object())
    read_latency(*latency, &v->latency_us);
  v->load_us = number(json, "load_us");
  v->first_us = number(json, "first_us");
  v->cpu_share = number(json, "cpu_share");
  v->instructions = number(json, "instructions");
  const double drift = number(json, "drift");
  v->drift = std::isfinite(drift) ? drift : 0;
  const double trials = number(json, "trials");
  v->test_set_seconds = {number(json, "test_set_mean"), number(json, "test_set_stddev"),
                         std::isfinite(trials) ? static_cast<int64_t>(trials) : 0};
  const double peak = number(json, "peak_rss_bytes");
  v->peak_rss_bytes = std::isfinite(peak) ? static_cast<int64_t>(peak) : 0;
}

std::string kept(const DeviceVariant& v, const Json& bench) {
  const auto real = [](double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); };
  Json json = bench;
  json["accuracy"] = real(v.accuracy);
  json["rmse"] = real(v.rmse);
  json["test_set_mean"] = real(v.test_set_seconds.mean);
  json["test_set_stddev"] = real(v.test_set_seconds.stddev);
  json["trials"] = v.test_set_seconds.trials;
  json["instructions"] = real(v.instructions);
  json["drift"] = v.drift;
  json["samples"] = v.samples;
  json["same_answers"] = v.same_answers;
  return json.dump();
}

// Leaves v as it is where the text is none of ours.
void read_kept(const std::string& text, DeviceVariant* v) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return;
  const double samples = number(json, "samples"), same = number(json, "same_answers");
  if (!(samples > 0 && samples < 1e12 && same >= 0 && same <= samples)) return;
  read_bench(json, v);
  v->accuracy = number(json, "accuracy");
  v->rmse = number(json, "rmse");
  v->samples = static_cast<int64_t>(samples);
  v->same_answers = static_cast<int64_t>(same);
}

// The input tensor's bytes of the first n samples, and what this machine answers to them.
struct Samples {
  std::vector<uint8_t> inputs, answers;  // n × bytes of the input, of the output
};

Result<Samples> make_samples(const Variant& variant, const Dataset& test, const Feeding& feeding, int64_t n) {
  const Tensor& input = variant.graph.at(variant.graph.inputs[0]);
  THIMBLE_ASSIGN(auto program, Program::plan(variant.graph));
  THIMBLE_ASSIGN(const auto session, Session::create(std::move(program)));
  const bool stateful = std::ranges::any_of(variant.graph.tensors, [](const Tensor& t) { return t.variable; });
  const auto in_bytes = session->input(0).size(), out_bytes = session->output(0).size();
  Samples samples;
  samples.inputs.resize(in_bytes * static_cast<size_t>(n));
  samples.answers.resize(out_bytes * static_cast<size_t>(n));
  SampleFeed feed(input, test, feeding);
  for (int64_t i = 0; i < n; ++i) {
    const std::span sample = std::span(samples.inputs).subspan(static_cast<size_t>(i) * in_bytes, in_bytes);
    feed.put(i, sample);
    std::memcpy(session->input(0).data(), sample.data(), in_bytes);
    if (stateful) session->reset_variables();
    THIMBLE_TRY(session->run());
    std::memcpy(samples.answers.data() + static_cast<size_t>(i) * out_bytes, session->output(0).data(), out_bytes);
  }
  return samples;
}

// Accuracy of what came back, and how many answers are this machine's to the bit.
void score_answers(const Variant& variant, const Dataset& test, int64_t n, const std::vector<uint8_t>& here,
                   const std::vector<uint8_t>& there, DeviceVariant* v) {
  const Tensor& output = variant.graph.at(variant.graph.outputs[0]);
  EvaluationResult result;
  result.n = n;
  result.width = output.shape.elements();
  const auto bytes = static_cast<size_t>(output.bytes());
  result.outputs.resize(static_cast<size_t>(n * result.width));
  for (int64_t i = 0; i < n; ++i) {
    const size_t at = static_cast<size_t>(i) * bytes;
    v->same_answers += std::memcmp(there.data() + at, here.data() + at, bytes) == 0;
    read_output(output, std::span(there).subspan(at, bytes),
                {result.outputs.data() + i * result.width, static_cast<size_t>(result.width)});
  }
  score_outputs(variant.graph, test, &result);
  v->samples = n;
  if (test.classes() > 0)
    v->accuracy = result.accuracy;
  else
    v->rmse = result.regression.rmse;
}

struct Where {
  Device& device;
  const DeviceWord& word;
  const DeviceHooks& hooks;
};

Status measure_one(const Where& where, const Variant& variant, const Dataset& test, const Feeding& feeding,
                   const MeasureSpec& spec, const std::string& model, DeviceVariant* v, std::string* counted,
                   std::string* keep) {
  Device& device = where.device;
  const int threads = spec.threads.front();
  const int64_t n = sample_count(variant.graph.at(variant.graph.inputs[0]), test, device.facts().emulated);
  THIMBLE_ASSIGN(const Samples samples, make_samples(variant, test, feeding, n));
  THIMBLE_ASSIGN(const std::string model_there, device.put(model));
  THIMBLE_ASSIGN(const auto answers, device_answers(device, model_there, variant.graph, {samples.inputs}, n, threads));
  score_answers(variant, test, n, samples.answers, answers[0], v);
  std::vector<std::string> bench = {"bench", model_there, "--json", "--quiet",
                                    "--num_threads=" + std::to_string(threads)};
  if (device.facts().emulated)
    bench.insert(bench.end(), {"--num_runs=10", "--min_secs=0", "--warmup_min_secs=0"});
  else if (spec.continuous > 0)
    bench.insert(bench.end(),
                 {format("--min_secs={}", spec.continuous), format("--max_secs={}", spec.continuous + 60)});
  THIMBLE_ASSIGN(const std::string said, device.run(bench, kRunSeconds + 2 * spec.continuous));
  const Json json = Json::parse(said, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::io, "what came back from the benchmark is no JSON");
  read_bench(json, v);
  if (device.facts().emulated) {
    const Result<double> instructions = emulated_instructions(where.word, model, where.hooks);
    if (instructions)
      v->instructions = *instructions;
    else if (instructions.error().code == ErrorCode::interrupted)
      return tl::unexpected(instructions.error());
    *counted = instructions ? kCounted : "instructions were not counted: " + instructions.error().message;
  } else {
    THIMBLE_ASSIGN(const std::vector<double> seconds,
                   device_passes(device, model_there, variant.graph, {samples.inputs}, n, threads, spec.trials));
    v->test_set_seconds = {mean_of(seconds), stddev_of(seconds), std::ssize(seconds)};
    v->drift = drift_of(seconds);
    const std::string note = drift_note(v->name + " on " + where.word.text, seconds);
    if (!note.empty() && where.hooks.note) where.hooks.note(note);
  }
  *keep = kept(*v, json);
  return {};
}

}  // namespace

Result<std::vector<DeviceResult>> measure_devices(const std::vector<Variant>& variants, const Dataset& test,
                                                  const Feeding& feeding, const MeasureSpec& spec,
                                                  const StudyOptions& options, const StudyHooks& hooks) {
  std::vector<DeviceResult> results;
  const std::string folder = join_path(options.out, "items");
  for (const std::string& text : spec.devices) {
    DeviceResult result;
    result.device = text;
    THIMBLE_ASSIGN(const DeviceWord word, parse_device_word(text));
    if (word.kind == DeviceWord::Kind::host) continue;  // measured already
    // Known before, if all of it is: then nobody needs to be there.
    const auto item = [&](const Variant& v) {
      return join_path(folder,
                       format("device_{}_{}.json", sha256_hex(text).substr(0, 12), sha256_hex(v.file).substr(0, 16)));
    };
    for (const Variant& variant : variants) {
      DeviceVariant v;
      v.name = variant.spec.name;
      const bool known = options.resume && file_exists(item(variant));
      if (const auto before = known ? read_text_file(item(variant)) : Result<std::string>("");
          before && !before->empty())
        read_kept(*before, &v);
      result.variants.push_back(std::move(v));
    }
    const DeviceHooks device_hooks{hooks.cancelled, hooks.note, {}};
    auto device = Device::open(word, device_hooks);
    if (!device) {
      if (device.error().code == ErrorCode::interrupted) return tl::unexpected(device.error());
      result.problem = device.error().message + (device.error().hint.empty() ? "" : ": " + device.error().hint);
      if (hooks.note) hooks.note(result.problem);
      results.push_back(std::move(result));
      continue;
    }
    const DeviceFacts& facts = (*device)->facts();
    result.architecture = facts.architecture;
    result.cpu = facts.cpu;
    result.system = facts.system;
    result.cores = facts.cores;
    result.memory_bytes = facts.memory_bytes;
    result.emulated = facts.emulated;
    for (size_t i = 0; i < variants.size(); ++i) {
      DeviceVariant& v = result.variants[i];
      if (v.samples > 0) continue;
      if (hooks.progress)
        hooks.progress({"measuring on " + text, static_cast<int64_t>(i), static_cast<int64_t>(variants.size()),
                        "variants", v.name});
      std::string keep;
      const Status measured = measure_one({**device, word, device_hooks}, variants[i], test, feeding, spec,
                                          join_path(options.out, variants[i].result.file), &v, &result.counted, &keep);
      if (measured) {
        THIMBLE_TRY(write_file_atomic(item(variants[i]), keep));
        continue;
      }
      if (measured.error().code == ErrorCode::interrupted) return tl::unexpected(measured.error());
      v = DeviceVariant{};
      v.name = variants[i].spec.name;
      v.problem = measured.error().message;
      if (hooks.note) hooks.note(format("{} on {}: {}", v.name, text, v.problem));
    }
    if (result.counted.empty() &&
        std::ranges::any_of(result.variants, [](const DeviceVariant& v) { return std::isfinite(v.instructions); }))
      result.counted = kCounted;
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace thimble
