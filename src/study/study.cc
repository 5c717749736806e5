#include "study/study.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

#include "api/load.h"
#include "base/cpu.h"
#include "base/file.h"
#include "data/sha256.h"
#include "kernels/kernels.h"
#include "measure/stats.h"
#include "measure/text.h"
#include "passes/pipeline.h"
#include "report/curves.h"
#include "report/page/report_html.h"
#include "report/report_csv.h"
#include "report/report_json.h"
#include "report/report_markdown.h"
#include "report/tensorboard.h"
#include "study/check_variants.h"
#include "study/folder.h"
#include "study/item.h"
#include "study/measure_devices.h"
#include "study/measure_variants.h"
#include "study/study_boards.h"
#include "study/workers.h"

namespace thimble {
namespace {

// "{ sgd = 0.10000000000000001 }" as it was meant: numbers in as few digits as give them back.
std::string short_numbers(const std::string& text) {
  constexpr std::string_view kDigits = "0123456789.";
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_not_of(kDigits, at), text.size());
    if (end > at + 15)
      out += format("{}", std::strtod(text.substr(at, end - at).c_str(), nullptr));
    else
      out += text.substr(at, std::max(end, at + 1) - at);
    at = std::max(end, at + 1);
  }
  return out;
}

class Runner {
 public:
  Runner(const Recipe& recipe, const StudyOptions& options, const StudyHooks& hooks)
      : recipe_(recipe), options_(options), hooks_(hooks) {}

  Result<StudyResult> run() {
    THIMBLE_TRY(load_imported_model(recipe_));
    describe_study();
    THIMBLE_ASSIGN(plans_, plan_items(recipe_));
    THIMBLE_TRY(check_folder(recipe_, options_));
    THIMBLE_ASSIGN(data_, open_study_data(recipe_, options_.data_dir));
    if (options_.item.empty()) tell_about_data();
    THIMBLE_TRY(check_variants(recipe_, data_));
    std::vector<std::string> stale;  // models of an earlier run
    THIMBLE_TRY(take_folder(recipe_, plans_, options_, &stale));
    for (const std::string& folder : {options_.plots, tensorboard(), directory_of(recipe_.train.csv_log)})
      if (!folder.empty()) THIMBLE_TRY(make_directories(folder));
    if (!options_.item.empty()) return one_item();
    THIMBLE_ASSIGN(boards_, study_boards(recipe_.measure.boards, recipe_.directory));
    THIMBLE_TRY(do_items());
    assemble();
    average_over_seeds();
    THIMBLE_TRY(measure());
    THIMBLE_TRY(write());
    remove_files(options_.out, stale);
    return std::move(result_);
  }

 private:
  void describe_study() {
    result_.study = {recipe_.name, recipe_.title, recipe_.seed, sha256_hex(recipe_.text)};
    if (recipe_.measure.allow_drop >= 0) result_.study.allow_drop = recipe_.measure.allow_drop;
    result_.study.parameters_plus_kb = recipe_.measure.parameters_plus_kb;
    result_.machine = {cpu_model_name(), name(kernels().isa), physical_cores(), os_name(), options_.thimble_version};
    result_.recipe = recipe_.text;
    std::string command =
        "thimble study " + shell_quoted(options_.recipe_file) + " --out " + shell_quoted(options_.out);
    if (!options_.recipe.preset.empty()) command += " --preset " + shell_quoted(options_.recipe.preset);
    for (const Setting& s : options_.recipe.settings)
      command += " --set " + shell_quoted(format("{}={}", s.key, s.value));
    result_.command_lines.push_back(command);
    const std::string model = shell_quoted(format("{}/models/{}", options_.out, recipe_.variants.front().file_name()));
    result_.command_lines.push_back(format("thimble eval {} --data {}", model, shell_quoted(recipe_.data.set)));
    result_.command_lines.push_back(format("thimble bench {} --num_threads=1", model));
  }

  // How the data were read and divided, where there is something to know: said now, and kept in the report.
  void tell_about_data() {
    for (const std::string& note : data_.splits.notes) {
      if (hooks_.note) hooks_.note("data: " + note);
      result_.notes.push_back("Data: " + note + ".");
    }
  }

  Result<StudyResult> one_item() {
    const auto plan = std::ranges::find(plans_, options_.item, &ItemPlan::id);
    if (plan == plans_.end())
      return fail(ErrorCode::usage, format("the study has no item \"{}\"", options_.item),
                  format("its items are {} … {}", plans_.front().id, plans_.back().id));
    THIMBLE_ASSIGN([[maybe_unused]] const StudyItem item, run_item(recipe_, *plan, data_, options_, hooks_));
    return std::move(result_);
  }

  // Every item, from disk where it is finished, else done here or by workers.
  Status do_items() {
    items_.resize(plans_.size());
    std::vector<ItemPlan> missing;
    for (size_t i = 0; i < plans_.size(); ++i) {
      if (options_.resume) items_[i] = finished_item(recipe_, plans_[i], data_, options_);
      if (!items_[i]) missing.push_back(plans_[i]);
    }
    if (options_.resume && missing.size() < plans_.size() && hooks_.note)
      hooks_.note(format("{} of {} trainings were finished before", plans_.size() - missing.size(), plans_.size()));
    const bool spread = (options_.workers > 1 || options_.ranks) && missing.size() > 1;
    if (spread) {
      WorkerOptions workers;
      workers.workers = options_.workers;
      workers.command = options_.command;
      workers.ranks = options_.ranks;
      THIMBLE_TRY(run_workers(missing, workers, options_, hooks_));
    }
    for (size_t i = 0; i < plans_.size(); ++i) {
      if (!items_[i] && spread) {
        items_[i] = finished_item(recipe_, plans_[i], data_, options_);
        if (!items_[i])
          return fail(ErrorCode::internal,
                      format("{}: its worker left no result in {}/items", plans_[i].label, options_.out));
      }
      if (!items_[i]) {
        THIMBLE_ASSIGN(items_[i], run_item(recipe_, plans_[i], data_, options_, hooks_));
      }
    }
    return {};
  }

  void assemble() {
    for (size_t i = 0; i < plans_.size(); ++i) {
      StudyItem& item = *items_[i];
      result_.warnings.insert(result_.warnings.end(), item.warnings.begin(), item.warnings.end());
      result_.notes.insert(result_.notes.end(), item.notes.begin(), item.notes.end());
      if (plans_[i].point) {
        result_.sweep.push_back({plans_[i].point->key, plans_[i].point->label, std::move(item.variants),
                                 std::move(item.training.epochs), std::move(item.diverged)});
        for (const Setting& s : plans_[i].point->settings)
          result_.sweep.back().settings.emplace_back(s.key, short_numbers(s.value));
        continue;
      }
      if (plans_[i].first) {
        TrainingSummary& t = result_.training;
        t.images_per_s = item.training.images_per_s;
        t.seconds = item.training.seconds;
        t.peak_rss_bytes = item.peak_rss_bytes;
        t.epochs = item.training.epochs;
        result_.model = std::move(item.model);
        result_.variants = std::move(item.variants);
      } else {
        for (size_t v = 0; v < item.variants.size(); ++v) {
          auto& all = result_.variants[v].per_seed;
          all.insert(all.end(), item.variants[v].per_seed.begin(), item.variants[v].per_seed.end());
        }
      }
      result_.training.per_seed.push_back(std::move(item.training));
    }
  }

  // Means over the seeds; of the largest errors the largest.
  static void average_regression(VariantResult& r) {
    if (!r.regression.present()) return;
    RegressionScore sum{0, 0, 0, 0, 0};
    for (const SeedScore& s : r.per_seed) {
      sum.mse += s.regression.mse;
      sum.rmse += s.regression.rmse;
      sum.mae += s.regression.mae;
      sum.r2 += s.regression.r2;
      sum.max_error = std::max(sum.max_error, s.regression.max_error);
    }
    const auto n = static_cast<double>(r.per_seed.size());
    r.regression = {sum.mse / n, sum.rmse / n, sum.mae / n, sum.r2 / n, sum.max_error};
  }

  void average_over_seeds() {
    for (VariantResult& r : result_.variants) {
      std::vector<double> accuracies, losses;
      for (const SeedScore& s : r.per_seed) {
        accuracies.push_back(s.accuracy);
        losses.push_back(s.loss);
      }
      if (r.per_seed.size() < 2) continue;
      r.accuracy = mean_of(accuracies);
      r.accuracy_stddev = stddev_of(accuracies);
      r.loss = mean_of(losses);
      if (std::isfinite(r.accuracy) && r.test_samples > 0)  // about the accuracy that the tables show
        r.interval95 = wilson95(std::llround(r.accuracy * static_cast<double>(r.test_samples)), r.test_samples);
      average_regression(r);
    }
  }

  // Latency, memory and time per operator of the first seed's files, interleaved.
  Status measure() {
    std::vector<Variant> variants;
    for (size_t i = 0; i < result_.variants.size(); ++i) {
      Variant v;
      v.spec = recipe_.variants[i];
      v.result = std::move(result_.variants[i]);
      THIMBLE_ASSIGN(v.file, read_file(options_.out + "/" + v.result.file));
      THIMBLE_ASSIGN(LoadedModel written, load_model_bytes(v.file, v.result.file));
      THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(static_cast<Checked&&>(written)));
      v.result.boards = board_rows(prepared, boards_);
      v.graph = std::move(prepared.graph);
      variants.push_back(std::move(v));
    }
    THIMBLE_TRY(measure_variants(variants, data_.splits.test, data_.feeding, recipe_.measure, options_, hooks_,
                                 &result_.warnings));
    THIMBLE_ASSIGN(result_.devices,
                   measure_devices(variants, data_.splits.test, data_.feeding, recipe_.measure, options_, hooks_));
    for (size_t i = 0; i < variants.size(); ++i) result_.variants[i] = std::move(variants[i].result);
    return {};
  }

  Status write() {
    THIMBLE_TRY(write_file_atomic(options_.out + "/results.json", report_json(result_)));
    THIMBLE_TRY(write_file_atomic(options_.out + "/results.csv", report_csv(result_)));
    THIMBLE_TRY(write_file_atomic(options_.out + "/results.md", report_markdown(result_)));
    const std::string curves = curves_csv(result_);
    THIMBLE_TRY(write_file_atomic(options_.out + "/curves.csv", curves));
    if (!recipe_.train.csv_log.empty()) THIMBLE_TRY(write_file_atomic(recipe_.train.csv_log, curves));
    if (!options_.plots.empty())
      for (const PlotFile& plot : report_plots(result_))
        THIMBLE_TRY(write_file_atomic(join_path(options_.plots, plot.name), plot.svg));
    THIMBLE_TRY(write_tensorboard());
    return write_file_atomic(options_.out + "/report.html", report_html(result_));
  }

  std::string tensorboard() const {
    return options_.tensorboard.empty() ? recipe_.train.tensorboard : options_.tensorboard;
  }

  // One folder per training: what TensorBoard calls a run.
  Status write_tensorboard() {
    if (tensorboard().empty()) return {};
    const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    for (const EventRun& run : tensorboard_runs(result_, now)) {
      const std::string folder = join_path(tensorboard(), run.folder);
      THIMBLE_TRY(make_directories(folder));
      THIMBLE_TRY(write_file_atomic(join_path(folder, tensorboard_file_name(now, "thimble")), run.events));
    }
    return {};
  }

  Recipe recipe_;
  const StudyOptions& options_;
  const StudyHooks& hooks_;
  StudyData data_;
  std::vector<ItemPlan> plans_;
  std::vector<std::optional<StudyItem>> items_;
  std::vector<Board> boards_;
  StudyResult result_;
};

}  // namespace

Result<StudyResult> run_study(const Recipe& recipe, const StudyOptions& options, const StudyHooks& hooks) {
  return Runner(recipe, options, hooks).run();
}

}  // namespace thimble
