#include "study/item.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "data/sha256.h"
#include "measure/resources.h"
#include "ops/check.h"
#include "passes/fold_batch_norm.h"
#include "study/recipe_variants.h"
#include "study/score.h"
#include "study/training_hooks.h"
#include "study/training_warnings.h"
#include "study/variants.h"
#include "train/answer_scale.h"

namespace thimble {
namespace {

std::string item_file(const StudyOptions& options, const std::string& id) {
  return format("{}/items/{}.item", options.out, id);
}

// Of the recipe as it was changed on the command line, of its data, and of the program.
std::string fingerprint(const Recipe& recipe, const ItemPlan& plan, const StudyData& data,
                        const StudyOptions& options) {
  std::string text = recipe.text + "|" + options.recipe.preset + "|" + options.thimble_version + "|" + plan.id;
  if (!data.content.empty()) text += "|" + data.content;
  for (const Setting& s : options.recipe.settings) text += format("|{}={}", s.key, s.value);
  return sha256_hex(text);
}

class ItemRun {
 public:
  ItemRun(const Recipe& recipe, const ItemPlan& plan, const StudyData& data, const StudyOptions& options,
          const StudyHooks& hooks)
      : recipe_(recipe), plan_(plan), data_(data), options_(options), hooks_(hooks) {}

  Result<StudyItem> run() {
    item_.id = plan_.id;
    item_.fingerprint = fingerprint(recipe_, plan_, data_, options_);
    THIMBLE_TRY(apply_point());
    auto trained = train_model();
    if (!trained) {
      // A setting that diverges is a result of the sweep; the others go on.
      if (!plan_.point || trained.error().code != ErrorCode::diverged)
        return tl::unexpected<Error>(std::move(trained).error());
      item_.diverged = "diverged: " + trained.error().message;
      warn(format("{}: {}", plan_.label, item_.diverged));
    } else {
      THIMBLE_TRY(make_variants(*trained));
    }
    THIMBLE_TRY(make_directories(options_.out + "/items"));
    THIMBLE_TRY(write_file_atomic(item_file(options_, plan_.id), pack_item(item_)));
    return std::move(item_);
  }

 private:
  void note(const std::string& text) {
    if (hooks_.note) hooks_.note(text);
  }
  void warn(const std::string& text) {
    item_.warnings.push_back(text);
    note(text);
  }

  // The recipe and data of a point of the sweep.
  Status apply_point() {
    if (!plan_.point) return {};
    RecipeOptions changed = options_.recipe;
    changed.settings.insert(changed.settings.end(), plan_.point->settings.begin(), plan_.point->settings.end());
    const std::string directory = recipe_.directory;
    THIMBLE_ASSIGN(recipe_, parse_recipe(recipe_.text, changed, options_.recipe_file));
    recipe_.directory = directory;
    locate_data(&recipe_);
    THIMBLE_TRY(load_imported_model(recipe_));
    if (plan_.point->changes_data()) {
      THIMBLE_ASSIGN(data_, open_study_data(recipe_, options_.data_dir));
      return {};
    }
    return scale_targets(recipe_, data_);
  }

  // The weights of a finished checkpoint when resuming.
  Result<TrainResult> train_model() {
    TrainSpec spec = recipe_.train;
    spec.seed = plan_.seed;
    TrainOptions train_options;
    train_options.threads = options_.threads;
    train_options.checkpoint = format("{}/checkpoints/{}.ckpt", options_.out, plan_.id);
    train_options.resume = options_.resume;
    auto trained = train(recipe_.model, spec, data_.splits.train, data_.splits.validation, data_.feeding,
                         recipe_.data.augment, train_options, training_hooks(hooks_, plan_.label, spec));
    if (!trained) return with_context(std::move(trained).error(), plan_.label);
    if (trained->interrupted)
      return training_interrupted(plan_.label, trained->epochs.size(), train_options.checkpoint);
    return trained;
  }

  Status make_variants(const TrainResult& trained) {
    THIMBLE_ASSIGN(const Graph graph, deployable_graph(recipe_.model, trained.weights, data_.feeding, recipe_.name));
    std::string tag = plan_.id;  // "seed1"
    std::erase(tag, '_');
    VariantStages stages({recipe_, data_, hooks_, options_.threads, options_.resume, plan_.seed, plan_.label,
                          options_.out + "/checkpoints", tag},
                         graph);
    Scorer scorer({.data = data_, .seed = plan_.seed, .pictures = plan_.first, .threads = options_.threads}, hooks_);
    const std::vector<VariantSpec> wanted =
        plan_.point ? chosen_variants(recipe_.variants, recipe_.sweep_variants) : recipe_.variants;
    for (const VariantSpec& spec : wanted) {
      THIMBLE_ASSIGN(const Staged staged, stages.run(spec));
      THIMBLE_ASSIGN(Variant v, make_variant(spec, staged, data_, options_.threads));
      THIMBLE_TRY(scorer.score(v));
      if (&spec == &wanted.front() && plan_.first) THIMBLE_TRY(check_export(trained.weights, v, scorer));
      if (!plan_.first) v.result.file = format("models/{}/{}", plan_.id, spec.file_name());
      THIMBLE_TRY(make_directories(directory_of(options_.out + "/" + v.result.file)));
      THIMBLE_TRY(write_file_atomic(options_.out + "/" + v.result.file, v.file));
      item_.variants.push_back(std::move(v.result));
    }
    if (!item_.variants.empty()) judge_training(trained, item_.variants.front());
    describe_training(trained);
    return describe_model(graph, trained);
  }

  void describe_training(const TrainResult& trained) {
    SeedTraining& t = item_.training;
    t.seed = plan_.seed;
    double epochs = 0;  // also those that an earlier run has done
    for (const EpochRecord& e : trained.epochs) epochs += e.seconds;
    t.seconds = std::max(trained.seconds, epochs);
    t.images_per_s = trained.images_per_s;
    if (trained.images == 0 && epochs > 0)
      t.images_per_s =
          static_cast<double>(data_.splits.train.size()) * static_cast<double>(trained.epochs.size()) / epochs;
    if (!item_.variants.empty()) {
      t.test_accuracy = item_.variants.front().accuracy;
      t.test_loss = item_.variants.front().loss;
    }
    for (const EpochRecord& e : trained.epochs) t.epochs.push_back(row_of(e));
    item_.peak_rss_bytes = peak_rss_bytes();
  }

  Status describe_model(const Graph& graph, const TrainResult& trained) {
    item_.model.parameters = trained.parameters;
    THIMBLE_ASSIGN(const GraphCost work, cost(graph));
    item_.model.macs = work.macs;
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      const Node& node = graph.nodes[n];
      int64_t parameters = 0;
      for (TensorId t : node.inputs)
        if (t >= 0 && graph.at(t).constant() && graph.at(t).type == DType::f32 && graph.at(t).shape.rank() > 0)
          parameters += graph.at(t).shape.elements();
      const auto dims = graph.at(node.outputs[0]).shape.dims();
      item_.model.layers.push_back(
          {node.name, name(node.op), {dims.begin(), dims.end()}, parameters, work.node_macs[n]});
    }
    for (const StandingAffine& stays : standing_affines(graph)) item_.notes.push_back(stays.to_string());
    return {};
  }

  // The first variant's file against the network as it was trained (before export folded, split or rewrote anything).
  Status check_export(const Weights& weights, const Variant& variant, const Scorer& scorer) {
    if (data_.splits.test.empty() || variant.spec.quantize || !variant.result.stages.empty()) return {};
    THIMBLE_ASSIGN(Model model, build_model(recipe_.model, {.batch = 1}));
    THIMBLE_ASSIGN(const Graph trained, with_constants(std::move(model), weights));
    THIMBLE_ASSIGN(const EvaluationResult before,
                   evaluate_model(trained, data_.splits.test, data_.feeding,
                                  {.threads = options_.threads, .cancelled = hooks_.cancelled}));
    const AnswerScale scale = answer_scale(data_.feeding);  // the file has it in its last layer
    double worst = 0, largest = 1;
    for (size_t i = 0; i < before.outputs.size(); ++i) {
      double said = before.outputs[i];
      if (const size_t c = i % std::max<size_t>(scale.mean.size(), 1); scale.on())
        said = said * scale.deviation[c] + scale.mean[c];
      worst = std::max(worst, std::fabs(said - scorer.first_outputs()[i]));
      largest = std::max(largest, std::fabs(said));
    }
    const std::string text =
        format("{}: the file's outputs differ from the trained network's by at most {:.2g} on {} test samples",
               variant.result.file, worst, before.n);
    (worst <= 1e-5 * largest ? item_.notes : item_.warnings).push_back(text);
    note(text);
    return {};
  }

  // Warns of a training that ended badly; `variant` is the first one, scored.
  void judge_training(const TrainResult& trained, const VariantResult& variant) {
    TrainingFacts facts{recipe_.model, recipe_.train, trained.epochs};
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
    for (const std::string& warning : training_warnings(facts))
      warn(plan_.first ? warning : format("{}: {}", plan_.label, warning));
    if (!plan_.first) return;
    if (std::string guards = training_guards(facts); !guards.empty()) item_.notes.push_back(std::move(guards));
  }

  Recipe recipe_;
  const ItemPlan& plan_;
  StudyData data_;
  const StudyOptions& options_;
  const StudyHooks& hooks_;
  StudyItem item_;
};

}  // namespace

Result<std::vector<ItemPlan>> plan_items(const Recipe& recipe) {
  std::vector<ItemPlan> plans;
  for (int r = 0; r < recipe.repeats; ++r) {
    const uint64_t seed = recipe.seed + static_cast<uint64_t>(r);
    plans.push_back({format("seed_{}", seed), format("training, seed {}", seed), seed, {}, r == 0});
  }
  THIMBLE_ASSIGN(const std::vector<SweepPoint> points, sweep_points(recipe));
  for (size_t p = 0; p < points.size(); ++p)
    plans.push_back({format("sweep_{}", p + 1),
                     format("sweep {} = {} ({} of {})", points[p].key, points[p].label, p + 1, points.size()),
                     recipe.seed, points[p], false});
  return plans;
}

Result<StudyItem> run_item(const Recipe& recipe, const ItemPlan& plan, const StudyData& data,
                           const StudyOptions& options, const StudyHooks& hooks) {
  return ItemRun(recipe, plan, data, options, hooks).run();
}

std::optional<StudyItem> finished_item(const Recipe& recipe, const ItemPlan& plan, const StudyData& data,
                                       const StudyOptions& options) {
  const std::string file = item_file(options, plan.id);
  if (!file_exists(file)) return std::nullopt;
  const auto bytes = read_file(file);
  if (!bytes) return std::nullopt;
  auto item = unpack_item(*bytes);
  if (!item || item->fingerprint != fingerprint(recipe, plan, data, options)) return std::nullopt;
  return std::move(*item);
}

}  // namespace thimble
