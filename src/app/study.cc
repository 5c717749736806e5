// `thimble study RECIPE.toml`: the main job.
#include "app/commands.h"
#include "app/interrupt.h"
#include "app/long_work.h"
#include "app/version.h"
#include "measure/table.h"
#include "measure/units.h"
#include "report/devices.h"
#include "report/report_json.h"
#include "report/verdict.h"
#include "study/ranks.h"

namespace thimble::app {
namespace {

struct StudyArguments {
  std::string recipe, out, preset;
  std::vector<std::string> set;
  bool resume = false, force = false;
  int64_t workers = 1;
  std::string item, plots, tensorboard;
};

// Arguments by which another process does a piece of this study.
std::vector<std::string> worker_command(const StudyArguments& a, const StudyOptions& options) {
  std::vector<std::string> words{"study", a.recipe, "--out", options.out};
  if (!a.preset.empty()) words.insert(words.end(), {"--preset", a.preset});
  for (const std::string& s : a.set) words.insert(words.end(), {"--set", s});
  if (!options.data_dir.empty()) words.insert(words.end(), {"--data-dir", options.data_dir});
  return words;
}

// Where the answer is a number.
std::string regression_table(const StudyResult& result, const Context& context) {
  TextTable table;
  table.column("variant");
  for (const char* name : {"bytes", "deflated", "packed", "RMSE", "MAE", "R²", "largest error", "p50", "p99", "arena"})
    table.column(name, Align::right);
  for (const VariantResult& v : result.variants) {
    const LatencySummary* latency = first_latency(v);
    const RegressionScore& s = v.regression;
    table.row({v.name, format_count(v.bytes), format_count(v.bytes_deflated), format_count(v.bytes_packed),
               format_number(s.rmse), format_number(s.mae), format_number(s.r2, 5), format_number(s.max_error),
               latency ? format_microseconds(latency->p50) : "–", latency ? format_microseconds(latency->p99) : "–",
               format_bytes(static_cast<double>(v.arena_bytes))});
  }
  return table.text(context.colour(), context.table_width());
}

std::string results_table(const StudyResult& result, const Context& context) {
  if (!result.variants.empty() && result.variants.front().regression.present())
    return regression_table(result, context);
  TextTable table;
  table.column("variant")
      .column("bytes", Align::right)
      .column("deflated", Align::right)
      .column("packed", Align::right)
      .column("accuracy", Align::right)
      .column("95 % interval", Align::right);
  table.column("loss", Align::right)
      .column("agrees", Align::right)
      .column("p50", Align::right)
      .column("p99", Align::right)
      .column("arena", Align::right);
  for (const VariantResult& v : result.variants) {
    const LatencySummary* latency = first_latency(v);
    const bool classes = !(v.accuracy != v.accuracy);
    table.row({v.name, format_count(v.bytes), format_count(v.bytes_deflated), format_count(v.bytes_packed),
               classes ? format_percent(v.accuracy) : "–",
               classes ? format_percent(v.interval95.low, 1) + " – " + format_percent(v.interval95.high, 1) : "–",
               format_number(v.loss),
               v.agreement_with_float32 == v.agreement_with_float32 ? format_percent(v.agreement_with_float32) : "–",
               latency ? format_microseconds(latency->p50) : "–", latency ? format_microseconds(latency->p99) : "–",
               format_bytes(static_cast<double>(v.arena_bytes))});
  }
  return table.text(context.colour(), context.table_width());
}

// Joins the job when mpirun started this process beside others; nothing when it did not.
Result<std::unique_ptr<Ranks>> join_job(const StudyArguments& a, const Launch& launch) {
  if (launch.size < 2) return std::unique_ptr<Ranks>();
  if (a.workers > 1 || !a.item.empty())
    return fail(ErrorCode::usage, format("mpirun and {} exclude each other", a.item.empty() ? "--workers" : "--item"),
                "mpirun's processes share the trainings: leave the option out, or mpirun");
  return open_ranks(launch);
}

Status run(const StudyArguments& a, const Context& context) {
  const Launch launch = launched();
  auto ranks = join_job(a, launch);
  if (!ranks && launch.rank > 0) return {};  // rank 0 says why
  if (!ranks) return tl::unexpected<Error>(std::move(ranks).error());
  StudyOptions options;
  options.ranks = ranks->get();
  if (options.ranks && options.ranks->rank() > 0) {
    serve_items(*options.ranks, context.thread_count(), interrupted, run_this_program());
    return {};
  }
  options.recipe_file = a.recipe;
  options.recipe.preset = a.preset;
  THIMBLE_ASSIGN(options.recipe.settings, parse_settings(a.set));
  THIMBLE_ASSIGN(const Recipe recipe, read_recipe(a.recipe, options.recipe));
  options.peak_memory = true;
  options.out = a.out.empty() ? "out/" + recipe.name : a.out;
  options.data_dir = context.data_dir;
  options.threads = context.thread_count();
  options.resume = a.resume;
  options.force = a.force;
  options.thimble_version = version();
  if (a.workers < 1 || a.workers > 256)
    return fail(ErrorCode::usage, format("--workers {} is not between 1 and 256", a.workers));
  options.workers = static_cast<int>(a.workers);
  options.item = a.item;
  options.plots = a.plots;
  options.tensorboard = a.tensorboard;
  options.command = worker_command(a, options);
  ProgressLine line(context);
  StudyHooks hooks;
  hooks.progress = [&](const StudyProgress& p) { line.update(p); };
  hooks.note = [&](const std::string& text) { line.note(text); };
  hooks.cancelled = interrupted;
  THIMBLE_ASSIGN(const StudyResult result, run_study(recipe, options, hooks));
  if (!a.item.empty()) return {};
  for (const std::string& warning : result.warnings) context.warn("warning: " + warning);
  if (context.json) {
    context.print(report_json(result) + "\n");
    return {};
  }
  context.print(format("\n{}\n{} parameters, {} MACs; trained {} images/s\n\n", recipe.title,
                       format_count(result.model.parameters), format_count(result.model.macs),
                       format_count(static_cast<int64_t>(result.training.images_per_s))));
  context.print(results_table(result, context));
  for (const VariantResult& v : result.variants)
    for (const ExtraScore& x : v.extra)
      if (x.regression.present())
        context.print(format("{} on {}: RMSE {}, R² {}\n", v.name, x.set, format_number(x.regression.rmse),
                             format_number(x.regression.r2, 5)));
      else if (&v == &result.variants.front() || &v == &result.variants.back())
        context.print(format("{} on {}: {} ({} – {}, {} pictures)\n", v.name, x.set, format_percent(x.accuracy),
                             format_percent(x.interval95.low, 1), format_percent(x.interval95.high, 1), x.n));
  context.print("\n");
  for (const std::string& sentence : judge(result).sentences) context.say(sentence);
  for (const DeviceResult& device : result.devices) {
    context.say(format("On {}: {}", device.device, device_answer(result, device)));
    bool missing = !device.problem.empty();
    for (const DeviceVariant& v : device.variants) {
      if (v.problem.empty()) continue;
      missing = true;
      context.say(format("{} did not run there: {}", v.name, v.problem));
    }
    if (missing) context.say("The same command with --resume asks it again for what is missing, and for nothing else.");
  }
  context.print(format(
      "\nreport  {0}/report.html\nmodels  {0}/models\nnumbers {0}/results.json, results.csv, results.md, curves.csv\n",
      options.out));
  return {};
}

}  // namespace

Action define_study(Options& options) {
  auto a = std::make_shared<StudyArguments>();
  options.examples(
      "thimble study studies/fashion_cnn.toml --preset quick\n"
      "thimble study studies/mnist_mlp.toml --out out/mlp --set train.epochs=3\n"
      "thimble study studies/mnist_cnn.toml --resume     # go on after Ctrl-C\n"
      "thimble study studies/fashion_cnn.toml --preset five_seeds --workers 2\n"
      "mpirun -n 4 --hostfile hosts thimble study studies/fashion_cnn.toml --preset five_seeds");
  options.about(
      "Trains or imports a model, makes every compressed variant, measures all of them under one protocol and writes "
      "one HTML report with results.json, results.csv, results.md and the .tflite files. docs/recipe.md describes "
      "recipes; 'thimble words' lists what they can say.");
  declare_recipe_keys(options);
  options.argument("RECIPE", &a->recipe, "the study as a text file (TOML)");
  options.text("-o,--out", &a->out, "DIR", "folder for report, models and checkpoints (default out/NAME)");
  options.text("--preset", &a->preset, "NAME", "one of the recipe's presets, for example quick");
  options.texts("--set", &a->set, "KEY=VALUE",
                "change a key by its path: train.epochs=4, model.layers.dense_1.units=64");
  options.flag("--resume", &a->resume, "go on from the finished trainings and checkpoints in the folder");
  options.flag("--force", &a->force, "into a folder of another study: what that one wrote is removed");
  options.integer("--workers", &a->workers, "N",
                  "processes that share the trainings (seeds, points of a sweep); same results as one (default 1)");
  options.text("--item", &a->item, "ID", "do one training only (seed_2, sweep_5) and leave its result in the folder");
  options.text("--plots", &a->plots, "DIR", "also write every plot of the report as an SVG file");
  options.text("--tensorboard", &a->tensorboard, "DIR", "also write a TensorBoard log directory, a run per training");
  return [a](const Context& context) { return run(*a, context); };
}

}  // namespace thimble::app
