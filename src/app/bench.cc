// `thimble bench`: how long a model takes on this machine. Flags and lines are those of TFLite's
// benchmark_model, so that scripts around it keep working; --json gives what studies need.
#include <algorithm>
#include <cstring>

#include "api/load_layers.h"
#include "api/model_runner.h"
#include "app/bench_inputs.h"
#include "app/bench_profile.h"
#include "app/commands.h"
#include "app/device_verbs.h"
#include "app/interrupt.h"
#include "app/output.h"
#include "base/cpu.h"
#include "base/json.h"
#include "measure/clock.h"
#include "measure/resources.h"
#include "measure/stats.h"
#include "measure/trials.h"
#include "measure/units.h"
#include "ops/check.h"
#include "passes/pipeline.h"

namespace thimble::app {
namespace {

// Flags of benchmark_model that mean nothing here: there is one engine, and no delegate to choose.
constexpr const char* kForeignFlags[] = {
    "--allow_dynamic_profiling_buffer_increase",
    "--allow_fp16",
    "--benchmark_name",
    "--coreml_version",
    "--delegate_serialize_dir",
    "--delegate_serialize_token",
    "--disable_delegate_clustering",
    "--disable_nnapi_cpu",
    "--enable_builtin_cast_constant_cache",
    "--enable_platform_tracing",
    "--external_delegate_options",
    "--external_delegate_path",
    "--first_delegate_node_index",
    "--gpu_backend",
    "--gpu_experimental_enable_quant",
    "--gpu_inference_for_sustained_speed",
    "--gpu_invoke_loop_times",
    "--gpu_precision_loss_allowed",
    "--gpu_wait_type",
    "--hexagon_lib_path",
    "--hexagon_profiling",
    "--last_delegate_node_index",
    "--max_delegated_partitions",
    "--max_profiling_buffer_entries",
    "--memory_footprint_check_interval_ms",
    "--min_nodes_per_partition",
    "--nnapi_accelerator_name",
    "--nnapi_allow_dynamic_dimensions",
    "--nnapi_allow_fp16",
    "--nnapi_execution_preference",
    "--nnapi_execution_priority",
    "--nnapi_support_library_path",
    "--nnapi_use_burst_mode",
    "--optimize_memory_for_large_tensors",
    "--output_filepath",
    "--output_prefix",
    "--print_postinvoke_state",
    "--print_preinvoke_state",
    "--profiling_output_csv_file",
    "--release_dynamic_tensors",
    "--require_full_delegation",
    "--tensor_name_display_length",
    "--tensor_type_display_length",
    "--alloc_type_display_length",
    "--use_caching",
    "--use_coreml",
    "--use_gpu",
    "--use_hexagon",
    "--use_nnapi",
    "--use_xnnpack",
    "--xnnpack_force_fp16",
    "--xnnpack_weight_cache_file_path",
};

struct BenchOptions {
  std::vector<std::string> ignored;
  std::string model, graph, signature, device;
  BenchInputs inputs;
  int64_t num_threads = 1, num_runs = 50, warmup_runs = 1;
  double min_secs = 1, max_secs = 150, warmup_min_secs = 0.5, run_delay = -1;
  bool profile = false, dry_run = false, peak_memory = false;
  std::string profile_mode = "stdout", profile_file;
};

struct Bench {
  std::string path;
  int threads = 1;
  int64_t model_bytes = 0, macs = 0, rss_before = 0, rss_loaded = 0, peak_rss = 0;
  double load_us = 0;
  TrialSamples samples;
  std::unique_ptr<Session> session;     // one of these two: a planned model,
  std::unique_ptr<ModelRunner> runner;  // or one whose values decide shapes
  std::vector<FedInput> arrays;         // what the runner gets: views of `inputs`
  std::vector<std::vector<uint8_t>> inputs;
  Profile profile;

  int64_t arena_bytes() const { return session ? session->program().arena().bytes : runner->arena_bytes(); }
  int64_t total_macs() const { return session ? macs : runner->macs(); }
};

// Inputs are given back before every run, as their memory is used for other tensors meanwhile.
TrialSubject subject_of(Bench& bench, Profile* profile) {
  return {"inference", [&bench, profile]() -> Status {
            if (bench.runner) return bench.runner->run(bench.arrays);
            const auto& inputs = bench.inputs;
            for (size_t i = 0; i < inputs.size(); ++i)
              if (!inputs[i].empty()) std::memcpy(bench.session->input(i).data(), inputs[i].data(), inputs[i].size());
            return bench.session->run(profile);
          }};
}

// A model whose values decide shapes is planned at its first runs, which are part of the warmup.
Status load_runner(const BenchOptions& o, Data file, const PlanOptions& plan, Bench* bench) {
  if (o.profile)
    return fail(ErrorCode::unsupported, "--enable_op_profiling of a model whose values decide which operators run",
                "leave the option out");
  THIMBLE_ASSIGN(bench->runner, ModelRunner::open(std::move(file), bench->path, plan, o.signature));
  Graph graph = bench->runner->edges();
  THIMBLE_ASSIGN(const std::vector<KnownInput> known, bench_shapes(o.inputs, graph));
  for (size_t i = 0; i < known.size(); ++i) graph.at(graph.inputs[i]).shape = *known[i].shape;
  std::vector<Shape> shapes;
  for (const TensorId id : graph.inputs) shapes.push_back(graph.at(id).shape);
  THIMBLE_TRY(bench->runner->expect_room(shapes));
  THIMBLE_ASSIGN(bench->inputs, bench_values(o.inputs, graph));
  for (size_t i = 0; i < bench->inputs.size(); ++i)
    bench->arrays.push_back({graph.at(graph.inputs[i]).shape, bench->inputs[i]});
  return {};
}

Status load(const BenchOptions& o, int threads, const Context& context, Bench* bench) {
  bench->rss_before = current_rss_bytes();
  const Stopwatch watch;
  PlanOptions plan;
  plan.threads = threads;
  THIMBLE_ASSIGN(const Data file, open_model_file(bench->path));
  bench->model_bytes = static_cast<int64_t>(file.size);
  auto loaded = read_model_file(file, bench->path, o.signature);
  if (!loaded && loaded.error().code == ErrorCode::needs_value) return load_runner(o, file, plan, bench);
  THIMBLE_ASSIGN(LoadedModel model, std::move(loaded));
  note_left_out(model.graph, context);
  THIMBLE_ASSIGN(const std::vector<KnownInput> known, bench_shapes(o.inputs, model.graph));
  if (!known.empty()) {
    auto again = with_known_inputs(model, known);
    if (!again && again.error().code == ErrorCode::needs_value) return load_runner(o, file, plan, bench);
    THIMBLE_ASSIGN(model, std::move(again));
  }
  THIMBLE_TRY(raise_layers(model));
  note_free_sizes(model.graph, context);
  THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(std::move(model)));
  THIMBLE_ASSIGN(auto program, Program::plan(std::move(prepared), plan));
  THIMBLE_ASSIGN(bench->session, Session::create(std::move(program)));
  bench->load_us = watch.microseconds();
  bench->rss_loaded = current_rss_bytes();
  THIMBLE_ASSIGN(const GraphCost total, cost(bench->session->graph()));
  bench->macs = total.macs;
  THIMBLE_ASSIGN(bench->inputs, bench_values(o.inputs, bench->session->graph()));
  return {};
}

// "count=50 first=12 curr=11 min=10 max=20 avg=11.2 std=1"
std::string tflite_line(const LatencyRecord& us) {
  if (us.empty()) return "count=0\n";
  const LatencySummary s = us.summary();
  return format(
      "count={} first={:.0f} curr={:.0f} min={:.0f} max={:.0f} avg={:.6g} std={:.0f} median={:.0f} p5={:.0f} "
      "p95={:.0f}\n\n",
      s.count, us.first(), us.last(), s.min, s.max, s.mean, s.stddev, s.p50, us.percentile(5), us.percentile(95));
}

double megabytes(int64_t bytes) { return static_cast<double>(bytes) / (1024.0 * 1024.0); }

// The first call ever.
double first_us(const TrialSamples& samples) {
  return samples.warmup.empty() ? samples.timed.first() : samples.warmup.first();
}

std::string as_json(const Bench& bench) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.bench/1").field("model", bench.path).key("latency_us");
  write_json(json, bench.samples.timed.summary());
  const Interval median = bench.samples.timed.median95();
  json.key("p50_interval95").begin_array().value(median.low).value(median.high).end_array();
  json.field("load_us", bench.load_us);
  json.field("first_us", first_us(bench.samples)).field("runs_per_reading", bench.samples.runs_per_reading);
  json.field("peak_rss_bytes", bench.peak_rss).field("rss_increase_bytes", bench.peak_rss - bench.rss_before);
  json.field("arena_bytes", bench.arena_bytes()).field("model_bytes", bench.model_bytes);
  json.field("macs", bench.total_macs()).field("threads", bench.threads);
  json.field("cpu_share", bench.samples.use.cpu_share).field("minor_faults", bench.samples.use.minor_faults);
  json.field("major_faults", bench.samples.use.major_faults).field("isa", name(kernels().isa));
  if (bench.profile.runs > 0) write_profile_json(json, *bench.session, bench.profile);
  json.end_object();
  return json.take() + "\n";
}

void print_report(const Bench& bench, const BenchOptions& o, const Context& context) {
  const LatencySummary s = bench.samples.timed.summary();
  const double warmup = bench.samples.warmup.summary().mean;
  context.print(format(
      "Inference timings in us: Init: {:.0f}, First inference: {:.0f}, Warmup (avg): {:.6g}, Inference (avg): {:.6g}\n",
      bench.load_us, first_us(bench.samples), warmup, s.mean));
  context.print(format("Memory footprint delta from the start of the tool (MB): init={:.6g} overall={:.6g}\n",
                       megabytes(bench.rss_loaded - bench.rss_before), megabytes(bench.peak_rss - bench.rss_before)));
  if (o.peak_memory)
    context.print(
        format("Overall peak memory footprint (MB) via periodic monitoring: {:.6g}\n", megabytes(bench.peak_rss)));
  const Interval median = bench.samples.timed.median95();
  context.print(format("\np50 {} (95 % interval {} … {})  p90 {}  p99 {}\n", format_microseconds(s.p50),
                       format_microseconds(median.low), format_microseconds(median.high), format_microseconds(s.p90),
                       format_microseconds(s.p99)));
  if (bench.samples.runs_per_reading > 1)
    context.print(format(
        "each reading of the clock covers {} runs: a run is shorter than what a reading costs; percentiles are of "
        "their means\n",
        bench.samples.runs_per_reading));
  context.print(format("{} MACs, {:.2f} G MAC/s, {} thread{}, {} kernels, {:.0f} % of one core, {} page faults\n",
                       format_quantity(static_cast<double>(bench.total_macs())),
                       static_cast<double>(bench.total_macs()) / (s.p50 * 1e3), bench.threads,
                       bench.threads == 1 ? "" : "s", name(kernels().isa), bench.samples.use.cpu_share * 100,
                       bench.samples.use.minor_faults + bench.samples.use.major_faults));
  context.print(format("model {}, arena {}, peak memory {}\n", format_bytes(static_cast<double>(bench.model_bytes)),
                       format_bytes(static_cast<double>(bench.arena_bytes())),
                       format_bytes(static_cast<double>(bench.peak_rss))));
}

// The flags as thimble-run on a device takes them: all but those of its files.
std::vector<std::string> flags_for_device(const BenchOptions& o, const Context& context) {
  std::vector<std::string> flags = {
      format("--num_threads={}", context.threads > 0 ? context.threads : o.num_threads),
      format("--num_runs={}", o.num_runs),
      format("--warmup_runs={}", o.warmup_runs),
      format("--min_secs={}", o.min_secs),
      format("--max_secs={}", o.max_secs),
      format("--warmup_min_secs={}", o.warmup_min_secs),
      format("--run_delay={}", o.run_delay),
      format("--enable_op_profiling={}", o.profile),
      format("--report_peak_memory_footprint={}", o.peak_memory),
      format("--dry_run={}", o.dry_run),
      "--op_profiling_output_mode=" + o.profile_mode,
  };
  const std::pair<const char*, const std::string*> texts[] = {{"--input_layer=", &o.inputs.layers},
                                                              {"--input_layer_shape=", &o.inputs.shapes},
                                                              {"--input_layer_value_range=", &o.inputs.value_ranges},
                                                              {"--input_layer_value_files=", &o.inputs.value_files}};
  for (const auto& [flag, text] : texts)
    if (!text->empty()) flags.push_back(flag + *text);
  if (context.max_memory > 0) flags.push_back(format("--max-memory={}", context.max_memory));
  if (context.json) flags.emplace_back("--json");
  if (context.quiet) flags.emplace_back("--quiet");
  return flags;
}

Status bench_model(const BenchOptions& o, const Context& context) {
  if (o.model.empty() == o.graph.empty())
    return fail(ErrorCode::usage, o.model.empty() ? "thimble bench needs MODEL" : "MODEL and --graph are both given",
                "thimble bench model.tflite, or thimble bench --graph=model.tflite");
  if (!o.ignored.empty()) {
    std::string names;
    for (const std::string& name : o.ignored) names += (names.empty() ? "" : ", ") + name;
    context.note(format("ignored, since it means nothing here: {} (one engine, no delegates)", names));
  }
  Bench bench;
  bench.path = o.model.empty() ? o.graph : o.model;
  if (!o.device.empty())
    return device_verbs()->bench(o.device, bench.path, flags_for_device(o, context), o.profile_file, context);
  const int threads = static_cast<int>(context.threads > 0 ? context.threads : o.num_threads);
  if (const int cores = physical_cores(); threads > cores)
    context.note(format("{} threads on {} core{}: they wait for each other; measure with at most {}", threads, cores,
                        cores == 1 ? "" : "s", cores));
  TrialRules rules;
  rules.warmup_min_seconds = o.warmup_min_secs;
  rules.warmup_min_runs = o.warmup_runs;
  rules.min_seconds = o.min_secs;
  rules.max_seconds = o.max_secs;
  rules.num_runs = o.num_runs;
  rules.run_delay_seconds = std::max(o.run_delay, 0.0);
  if (!context.json) context.print(format("Graph: [{}]\nNum threads: [{}]\n", bench.path, threads));
  bench.threads = threads;
  THIMBLE_TRY(load(o, threads, context, &bench));
  if (!context.json)
    context.print(format("The input model file size (MB): {:.6g}\nInitialized session in {:.3f}ms.\n",
                         static_cast<double>(bench.model_bytes) / 1e6, bench.load_us / 1e3));
  if (o.dry_run) {
    if (context.json)
      context.print("{\"schema\":\"thimble.bench/1\",\"dry_run\":true}\n");
    else
      context.print("Dry run: nothing was executed.\n");
    return {};
  }
  const TrialSubject subject = subject_of(bench, nullptr);
  THIMBLE_ASSIGN(bench.samples, run_trials(subject, rules, interrupted));
  bench.peak_rss = peak_rss_bytes();
  if (!context.json) {
    context.print(format(
        "Running benchmark for at least {} iterations and at least {} seconds but terminate if exceeding {} seconds.\n",
        rules.warmup_min_runs, format_number(o.warmup_min_secs), format_number(o.max_secs)));
    context.print(tflite_line(bench.samples.warmup));
    context.print(format(
        "Running benchmark for at least {} iterations and at least {} seconds but terminate if exceeding {} seconds.\n",
        rules.num_runs, format_number(o.min_secs), format_number(o.max_secs)));
    context.print(tflite_line(bench.samples.timed));
  }
  if (o.profile) {  // a second pass: the clock between steps must not disturb the first
    rules.warmup_min_seconds = 0;
    bench.profile.step_ns.assign(bench.session->step_count(), 0);
    const TrialSubject profiled = subject_of(bench, &bench.profile);
    const auto ran = run_trials(profiled, rules, interrupted);
    if (!ran) return tl::unexpected<Error>(ran.error());
  }
  if (context.json) {
    context.print(as_json(bench));
    return {};
  }
  print_report(bench, o, context);
  if (o.profile) return print_profile(*bench.session, bench.profile, o.profile_mode, o.profile_file, context);
  return {};
}

}  // namespace

Action define_bench(Options& options) {
  auto o = std::make_shared<BenchOptions>();
  options.examples(
      "thimble bench model.tflite\n"
      "thimble bench --graph=model.tflite --num_threads=2 --min_secs=5\n"
      "thimble bench model.tflite --enable_op_profiling\n"
      "thimble bench model.tflite --json\n"
      "thimble bench model.tflite --device ssh:pi@raspberrypi.local\n");
  options.about(
      "Flags and lines are those of TFLite's benchmark_model. It runs at least --num_runs times and at least\n"
      "--min_secs seconds, but not longer than --max_secs. One thread unless told otherwise. Runs shorter than a\n"
      "microsecond are timed several at a time. Flags of benchmark_model about delegates are ignored with a note.");
  options.argument("MODEL", &o->model, "a .tflite, .onnx or .thim file; - reads it from the standard input", false);
  if (device_verbs()) device_verbs()->declare(options, &o->device);
  options.section("Flags of benchmark_model");
  options.text("--graph", &o->graph, "MODEL", "the model, as benchmark_model names it");
  options.integer("--num_threads", &o->num_threads, "N", "threads (default: 1); --threads is the same", 1, 256);
  options.integer("--num_runs", &o->num_runs, "N", "at least so many runs (default: 50)", 1);
  options.number("--min_secs", &o->min_secs, "S", "at least so long (default: 1)", 0, 1e6);
  options.number("--max_secs", &o->max_secs, "S", "at most so long (default: 150)", 0, 1e6);
  options.integer("--warmup_runs", &o->warmup_runs, "N", "at least so many runs before (default: 1)", 0);
  options.number("--warmup_min_secs", &o->warmup_min_secs, "S", "at least so long before (default: 0.5)", 0, 1e6);
  options.number("--run_delay", &o->run_delay, "S", "sleep between runs (default: -1, none)", -1, 1e6);
  options.flag("--enable_op_profiling", &o->profile, "a table of the time per operator");
  options.choice("--op_profiling_output_mode", &o->profile_mode, {"stdout", "csv"}, "how (default: stdout)");
  options.text("--op_profiling_output_file", &o->profile_file, "FILE", "where (default: the standard output)");
  options.text("--signature,--signature_to_run_for", &o->signature, "NAME",
               "the network of this signature, where the file holds several (default: the first)");
  options.text("--input_layer", &o->inputs.layers, "NAME,NAME", "inputs that the next three speak of");
  options.text("--input_layer_shape", &o->inputs.shapes, "1,28,28,1:…",
               "their shapes: the model's own, but for its free dimensions");
  options.text("--input_layer_value_range", &o->inputs.value_ranges, "NAME,LOW,HIGH:…", "random values between these");
  options.text("--input_layer_value_files", &o->inputs.value_files, "NAME:PATH,…", "raw bytes of an input");
  options.flag("--report_peak_memory_footprint", &o->peak_memory, "print the highest resident memory");
  options.flag("--dry_run", &o->dry_run, "load the model, run nothing");
  options.section("");
  options.ignored({std::begin(kForeignFlags), std::end(kForeignFlags)}, &o->ignored);
  return [o](const Context& context) { return bench_model(*o, context); };
}

}  // namespace thimble::app
