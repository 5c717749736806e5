#include "study/study.h"

#include <algorithm>
#include <cmath>

#include "base/cpu.h"
#include "base/file.h"
#include "base/hash.h"
#include "data/png.h"
#include "kernels/kernels.h"
#include "measure/report_csv.h"
#include "measure/report_html.h"
#include "measure/report_json.h"
#include "measure/report_markdown.h"
#include "measure/resources.h"
#include "study/evaluate.h"
#include "study/measure_variants.h"
#include "study/sweep.h"
#include "study/training_hooks.h"
#include "study/training_warnings.h"
#include "study/variants.h"

namespace thimble {
namespace {

constexpr size_t kMisclassified = 24;

class Runner {
 public:
  Runner(const Recipe& recipe, const StudyOptions& options, const StudyHooks& hooks)
      : recipe_(recipe), options_(options), hooks_(hooks) {}

  Result<StudyResult> run() {
    THIMBLE_TRY(make_directories(options_.out + "/models"));
    THIMBLE_TRY(make_directories(options_.out + "/checkpoints"));
    THIMBLE_TRY(load_imported_model(recipe_));
    describe_study();
    THIMBLE_ASSIGN(data_, open_study_data(recipe_.data, recipe_.model.input, options_.data_dir, recipe_.seed));
    for (int r = 0; r < recipe_.repeats; ++r) THIMBLE_TRY(repeat(r));
    THIMBLE_TRY(average_over_seeds());
    THIMBLE_TRY(measure_variants(variants_, data_.splits.test, data_.preprocess, recipe_.measure, options_, hooks_,
                                 &result_.warnings));
    THIMBLE_TRY(sweep());
    for (Variant& v : variants_) result_.variants.push_back(v.result);
    THIMBLE_TRY(write());
    return std::move(result_);
  }

 private:
  void note(const std::string& text) {
    if (hooks_.note) hooks_.note(text);
  }

  void describe_study() {
    result_.study = {recipe_.name, recipe_.title, recipe_.seed, sha256_hex(recipe_.text)};
    result_.machine = {cpu_model_name(), name(kernels().isa), physical_cores(), os_name(), options_.thimble_version};
    result_.recipe = recipe_.text;
    std::string command = "thimble study " + options_.recipe_file;
    if (!options_.recipe.preset.empty()) command += " --preset " + options_.recipe.preset;
    for (const Setting& s : options_.recipe.settings) command += format(" --set {}={}", s.key, s.value);
    result_.command_lines.push_back(command);
    result_.command_lines.push_back("thimble eval models/NAME.tflite --data " + recipe_.data.set);
    result_.command_lines.push_back("thimble bench models/NAME.tflite --num_threads=1");
  }

  // One training; its weights, or those of the finished checkpoint when resuming.
  Result<TrainResult> train_seed(const Recipe& recipe, uint64_t seed, const std::string& label,
                                 const std::string& checkpoint) {
    TrainSpec spec = recipe.train;
    spec.seed = seed;
    TrainOptions train_options;
    train_options.threads = options_.threads;
    train_options.checkpoint = checkpoint;
    train_options.resume = options_.resume;
    auto trained = train(recipe.model, spec, data_.splits.train, data_.splits.validation, data_.preprocess,
                         recipe.data.augment, train_options, training_hooks(hooks_, label, spec));
    if (!trained) return with_context(std::move(trained).error(), label);
    if (trained->interrupted) return training_interrupted(label, trained->epochs.size(), checkpoint);
    return trained;
  }

  StageContext stage_context(const Recipe& recipe, uint64_t seed, const std::string& label, const std::string& tag) {
    return {recipe, data_, hooks_, options_.threads, options_.resume, seed, label, options_.out + "/checkpoints", tag};
  }

  Status repeat(int number) {
    const uint64_t seed = recipe_.seed + static_cast<uint64_t>(number);
    THIMBLE_ASSIGN(const TrainResult trained, train_seed(recipe_, seed, format("training, seed {}", seed),
                                                         format("{}/checkpoints/seed_{}.ckpt", options_.out, seed)));
    THIMBLE_ASSIGN(const Graph graph, deployable_graph(recipe_.model, trained.weights, data_.preprocess, recipe_.name));
    std::vector<Variant> variants;
    VariantStages stages(stage_context(recipe_, seed, format("seed {}", seed), format("seed{}", seed)), graph);
    for (const VariantSpec& spec : recipe_.variants) {
      THIMBLE_ASSIGN(const Staged staged, stages.run(spec));
      THIMBLE_ASSIGN(Variant v, make_variant(spec, staged, data_.splits.train, data_.preprocess));
      THIMBLE_TRY(score(v, seed, number == 0));
      variants.push_back(std::move(v));
    }
    if (number == 0) THIMBLE_TRY(check_export(trained.weights, variants.front()));
    judge_training(recipe_, trained, variants.front().result, number == 0 ? "" : format("Seed {}: ", seed));
    SeedTraining st;
    st.seed = seed;
    st.seconds = trained.seconds;
    st.images_per_s = trained.images_per_s;
    st.test_accuracy = variants.front().result.accuracy;
    st.test_loss = variants.front().result.loss;
    for (const EpochRecord& e : trained.epochs) st.epochs.push_back(row_of(e));
    if (number == 0) {
      result_.training.images_per_s = trained.images_per_s;
      result_.training.seconds = trained.seconds;
      result_.training.peak_rss_bytes = peak_rss_bytes();
      result_.training.epochs = st.epochs;
      THIMBLE_TRY(describe_model(graph, trained));
      variants_ = std::move(variants);
      for (const Variant& v : variants_) THIMBLE_TRY(write_file_atomic(options_.out + "/" + v.result.file, v.file));
    } else {
      for (size_t i = 0; i < variants.size(); ++i) {
        variants_[i].result.per_seed.push_back(variants[i].result.per_seed.front());
        THIMBLE_TRY(write_file_atomic(format("{}/models/{}.seed{}.tflite", options_.out, variants[i].spec.name, seed),
                                      variants[i].file));
      }
    }
    result_.training.per_seed.push_back(std::move(st));
    return {};
  }

  // The first variant's file against the network as it was trained (before export folded, split or rewrote anything).
  Status check_export(const Weights& weights, const Variant& variant) {
    if (data_.splits.test.empty() || variant.spec.quantized || !variant.result.stages.empty()) return {};
    THIMBLE_ASSIGN(Model trained, build_model(recipe_.model, {.batch = 1}));
    for (const auto* list : {&trained.parameters, &trained.statistics})
      for (TensorId t : *list) {
        Tensor& tensor = trained.graph.at(t);
        tensor.data = Data::of(std::span<const float>(weights.at(tensor.name)));
        tensor.variable = false;
      }
    THIMBLE_ASSIGN(const EvaluationResult before,
                   evaluate_model(trained.graph, data_.splits.test, data_.preprocess,
                                  {.threads = options_.threads, .cancelled = hooks_.cancelled}));
    double worst = 0, largest = 1;
    for (size_t i = 0; i < before.outputs.size(); ++i) {
      worst = std::max(worst, std::fabs(static_cast<double>(before.outputs[i]) - first_outputs_[i]));
      largest = std::max(largest, std::fabs(static_cast<double>(before.outputs[i])));
    }
    const std::string text =
        format("{}: the file's outputs differ from the trained network's by at most {:.2g} on {} test samples",
               variant.result.file, worst, before.n);
    (worst <= 1e-5 * largest ? result_.notes : result_.warnings).push_back(text);
    note(text);
    return {};
  }

  Status describe_model(const Graph& graph, const TrainResult& trained) {
    result_.model.parameters = trained.parameters;
    THIMBLE_ASSIGN(const GraphCost work, cost(graph));
    result_.model.macs = work.macs;
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      const Node& node = graph.nodes[n];
      int64_t parameters = 0;
      for (TensorId t : node.inputs)
        if (t >= 0 && graph.at(t).constant() && graph.at(t).type == DType::f32 && graph.at(t).shape.rank() > 0)
          parameters += graph.at(t).shape.elements();
      const auto dims = graph.at(node.outputs[0]).shape.dims();
      result_.model.layers.push_back(
          {node.name, name(node.op), {dims.begin(), dims.end()}, parameters, work.node_macs[n]});
    }
    return {};
  }

  // Accuracy on the test set and the extra ones; the first seed also fills what the report draws.
  Status score(Variant& v, uint64_t seed, bool first) {
    VariantResult& r = v.result;
    EvaluateOptions evaluate{.threads = options_.threads, .cancelled = hooks_.cancelled};
    evaluate.progress = [&](int64_t done, int64_t total) {
      if (hooks_.progress) hooks_.progress({"evaluating " + v.spec.name, done, total, "images", ""});
    };
    const Dataset& test = data_.splits.test;
    if (test.empty()) return {};
    THIMBLE_ASSIGN(EvaluationResult e, evaluate_model(v.graph, test, data_.preprocess, evaluate));
    r.test_samples = e.n;
    r.loss = e.loss;
    if (e.accuracy >= 0) {
      r.accuracy = e.accuracy;
      r.interval95 = wilson95(e.correct, e.n);
    }
    r.regression = e.regression;
    r.per_seed.push_back({seed, r.accuracy, r.loss, r.regression});
    if (!first) return {};
    note(e.accuracy >= 0 ? format("{}: {} bytes, test accuracy {:.4f}", v.spec.name, r.bytes, e.accuracy)
                         : format("{}: {} bytes, RMSE {:.6g}, R² {:.5f}", v.spec.name, r.bytes, e.regression.rmse,
                                  e.regression.r2));
    compare(r, e);
    for (const auto& [set_name, set] : data_.extra) {
      THIMBLE_ASSIGN(const EvaluationResult x, evaluate_model(v.graph, set, data_.preprocess, evaluate));
      const bool classes = x.accuracy >= 0;
      r.extra.push_back({set_name, classes ? x.accuracy : kAbsent,
                         classes ? wilson95(x.correct, x.n) : Interval{kAbsent, kAbsent}, x.n, x.regression});
      note(classes ? format("{}: accuracy on {} {:.4f}", v.spec.name, set_name, x.accuracy)
                   : format("{}: RMSE on {} {:.6g}", v.spec.name, set_name, x.regression.rmse));
    }
    if (e.accuracy >= 0) {
      r.confusion.labels = data_.preprocess.labels;
      r.confusion.counts = e.confusion;
      collect_misclassified(r, e);
    }
    return {};
  }

  // Against the first variant: how often the answers agree, how far the outputs are apart.
  void compare(VariantResult& r, const EvaluationResult& e) {
    if (first_outputs_.empty()) {
      first_outputs_ = e.outputs;
      first_predictions_ = e.predictions;
    }
    if (first_outputs_.size() != e.outputs.size()) return;
    double worst = 0;
    for (size_t i = 0; i < e.outputs.size(); ++i)
      worst = std::max(worst, std::fabs(static_cast<double>(e.outputs[i]) - first_outputs_[i]));
    r.max_abs_output_difference = worst;
    if (e.predictions.empty()) return;
    int64_t same = 0;
    for (size_t i = 0; i < e.predictions.size(); ++i) same += e.predictions[i] == first_predictions_[i];
    r.agreement_with_float32 = static_cast<double>(same) / static_cast<double>(e.predictions.size());
  }

  // The errors that the model was surest of.
  void collect_misclassified(VariantResult& r, const EvaluationResult& e) {
    const Dataset& test = data_.splits.test;
    struct Miss {
      double confidence;
      int64_t index;
    };
    std::vector<Miss> misses;
    for (int64_t i = 0; i < e.n; ++i)
      if (const int32_t guess = e.predictions[static_cast<size_t>(i)]; guess != test.label(i))
        misses.push_back({e.width > 1 ? e.outputs[static_cast<size_t>(i * e.width + guess)] : 0, i});
    std::stable_sort(misses.begin(), misses.end(),
                     [](const Miss& a, const Miss& b) { return a.confidence > b.confidence; });
    if (misses.size() > kMisclassified) misses.resize(kMisclassified);
    const auto label = [&](int32_t c) {
      return static_cast<size_t>(c) < data_.preprocess.labels.size() ? data_.preprocess.labels[static_cast<size_t>(c)]
                                                                     : std::to_string(c);
    };
    const bool log_scale = e.width > 1 && !misses.empty() && misses.front().confidence <= 0;
    for (const Miss& m : misses) {
      MisclassifiedExample x{m.index,
                             label(test.label(m.index)),
                             label(e.predictions[static_cast<size_t>(m.index)]),
                             log_scale ? std::exp(m.confidence) : m.confidence,
                             {}};
      const auto& shape = test.sample_shape();
      if (test.storage() == Storage::bytes && shape.size() == 3 && (shape[2] == 1 || shape[2] == 3)) {
        Picture picture{
            shape[0], shape[1], shape[2], {test.bytes(m.index), test.bytes(m.index) + test.sample_elements()}};
        if (const auto png = encode_png(picture)) x.png.assign(png->begin(), png->end());
      }
      r.misclassified.push_back(std::move(x));
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

  Status average_over_seeds() {
    for (Variant& v : variants_) {
      VariantResult& r = v.result;
      std::vector<double> accuracies, losses;
      for (const SeedScore& s : r.per_seed) {
        accuracies.push_back(s.accuracy);
        losses.push_back(s.loss);
      }
      if (r.per_seed.size() < 2) continue;
      r.accuracy = mean_of(accuracies);
      r.accuracy_stddev = stddev_of(accuracies);
      r.loss = mean_of(losses);
      average_regression(r);
    }
    return {};
  }

  // Every value of every axis (or every combination) is one more training of all variants.
  Status sweep() {
    THIMBLE_ASSIGN(const std::vector<SweepPoint> points, sweep_points(recipe_));
    const StudyData own = data_;
    for (size_t p = 0; p < points.size(); ++p) {
      const SweepPoint& point = points[p];
      RecipeOptions changed = options_.recipe;
      changed.settings.insert(changed.settings.end(), point.settings.begin(), point.settings.end());
      THIMBLE_ASSIGN(Recipe recipe, parse_recipe(recipe_.text, changed, options_.recipe_file));
      recipe.directory = recipe_.directory;
      THIMBLE_TRY(load_imported_model(recipe));
      data_ = own;
      if (point.changes_data()) {
        THIMBLE_ASSIGN(data_, open_study_data(recipe.data, recipe.model.input, options_.data_dir, recipe.seed));
      }
      const std::string label = format("sweep {} = {} ({} of {})", point.key, point.label, p + 1, points.size());
      SweepRow row{.key = point.key, .value = point.label};
      auto trained = train_seed(recipe, recipe.seed, label, format("{}/checkpoints/sweep_{}.ckpt", options_.out, p + 1));
      if (!trained) {
        // A setting that diverges is a result of the sweep; the others go on.
        if (trained.error().code != ErrorCode::diverged) return tl::unexpected<Error>(std::move(trained).error());
        row.note = "diverged: " + trained.error().message;
        result_.warnings.push_back(format("{}: {}", label, row.note));
        note(result_.warnings.back());
        result_.sweep.push_back(std::move(row));
        continue;
      }
      THIMBLE_ASSIGN(const Graph graph,
                     deployable_graph(recipe.model, trained->weights, data_.preprocess, recipe.name));
      for (const EpochRecord& e : trained->epochs) row.epochs.push_back(row_of(e));
      VariantStages stages(stage_context(recipe, recipe.seed, label, format("sweep{}", p + 1)), graph);
      for (const VariantSpec& spec : recipe.variants) {
        THIMBLE_ASSIGN(const Staged staged, stages.run(spec));
        THIMBLE_ASSIGN(Variant v, make_variant(spec, staged, data_.splits.train, data_.preprocess));
        THIMBLE_TRY(score(v, recipe.seed, false));
        row.variants.push_back(std::move(v.result));
      }
      if (!row.variants.empty()) judge_training(recipe, *trained, row.variants.front(), label + ": ");
      result_.sweep.push_back(std::move(row));
    }
    data_ = own;
    return {};
  }

  // Warns of a training that ended badly; `variant` is the float one, scored.
  void judge_training(const Recipe& recipe, const TrainResult& trained, const VariantResult& variant,
                      const std::string& label) {
    TrainingFacts facts{recipe.model, recipe.train, trained.epochs};
    facts.train_samples = data_.splits.train.size();
    const Dataset& test = data_.splits.test;
    if (test.valid() && !test.empty() && test.classes() > 0 && std::isfinite(variant.accuracy)) {
      facts.classes = test.classes();
      facts.accuracy = variant.accuracy;
      facts.test_samples = test.size();
      std::vector<int64_t> counts(static_cast<size_t>(facts.classes));
      for (int64_t i = 0; i < test.size(); ++i) ++counts[static_cast<size_t>(test.label(i))];
      facts.largest_class =
          static_cast<double>(*std::max_element(counts.begin(), counts.end())) / static_cast<double>(test.size());
    }
    for (const std::string& warning : training_warnings(facts)) {
      result_.warnings.push_back(label + warning);
      note(result_.warnings.back());
    }
    if (!label.empty()) return;
    if (std::string guards = training_guards(facts); !guards.empty()) result_.notes.push_back(std::move(guards));
  }

  Status write() {
    THIMBLE_TRY(write_file_atomic(options_.out + "/results.json", report_json(result_)));
    THIMBLE_TRY(write_file_atomic(options_.out + "/results.csv", report_csv(result_)));
    THIMBLE_TRY(write_file_atomic(options_.out + "/results.md", report_markdown(result_)));
    return write_file_atomic(options_.out + "/report.html", report_html(result_));
  }

  Recipe recipe_;
  const StudyOptions& options_;
  const StudyHooks& hooks_;
  StudyData data_;
  std::vector<Variant> variants_;
  StudyResult result_;
  std::vector<float> first_outputs_;
  std::vector<int32_t> first_predictions_;
};

}  // namespace

Result<StudyResult> run_study(const Recipe& recipe, const StudyOptions& options, const StudyHooks& hooks) {
  return Runner(recipe, options, hooks).run();
}

}  // namespace thimble
