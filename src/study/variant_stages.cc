#include "study/variant_stages.h"

#include <algorithm>

#include "base/file.h"
#include "compress/size_report.h"
#include "data/sha256.h"
#include "formats/tflite/tflite.h"
#include "study/options/stages.h"
#include "study/training_hooks.h"
#include "study/variants.h"

namespace thimble {
namespace {

std::string how_trained(const TrainSpec& spec) {
  return format("{} epoch{}, learning rate {:.3g}", spec.epochs, spec.epochs == 1 ? "" : "s",
                spec.optimizer.learning_rate);
}

}  // namespace

TrainSpec stage_training(const TrainSpec& base, const char* name, const StageTraining& stage, uint64_t seed) {
  TrainSpec spec =
      fine_tuning(base, stage.epochs > 0 ? stage.epochs : std::clamp(base.epochs / 5, 1, 10),
                  stage.learning_rate > 0 ? stage.learning_rate : base.optimizer.learning_rate * usual_rate(name));
  spec.seed = seed;
  return spec;
}

VariantStages::VariantStages(StageContext context, const Graph& trained) : context_(std::move(context)) {
  trained_.graph = trained;
}

Result<Staged> VariantStages::run(const VariantSpec& spec) {
  Staged s = spec.from.empty() ? trained_ : made_.at(spec.from);
  s.quantized.reset();  // the float model goes on
  const auto stages = [&]() -> Status {
    const bool student = spec.distill && !spec.distill->student.empty();
    if (spec.network) THIMBLE_TRY(train_network(spec, "network", *spec.network, &s));
    if (student)
      THIMBLE_TRY(
          train_network(spec, "student", {.layers = spec.distill->student, .training = spec.distill->training}, &s));
    if (spec.go_on) THIMBLE_TRY(go_on(spec, &s));
    if (spec.distill && !student && !spec.network && !spec.go_on && !spec.shrink && !spec.prune && !spec.cluster &&
        !spec.qat)
      THIMBLE_TRY(distil_alone(spec, &s));
    if (spec.shrink) THIMBLE_TRY(shrink(spec, &s));
    if (spec.prune) THIMBLE_TRY(prune(spec, &s));
    if (spec.cluster) THIMBLE_TRY(cluster(spec, &s));
    if (spec.qat) THIMBLE_TRY(qat(spec, &s));
    if (spec.search) THIMBLE_TRY(search(spec, &s));
    return {};
  };
  if (Status status = stages(); !status)
    return with_context(std::move(status).error(), format("variant \"{}\"", spec.name));
  made_[spec.name] = s;
  return s;
}

Status VariantStages::go_on(const VariantSpec& spec, Staged* s) {
  THIMBLE_TRY(retrained(spec, "continue", spec.go_on->training, {}, s));
  const size_t epochs = s->epochs.back().size();
  s->summary.push_back(format("{} more epoch{}", epochs, epochs == 1 ? "" : "s"));
  return {};
}

Status VariantStages::prune(const VariantSpec& spec, Staged* s) {
  if (s->clustered)
    return fail(ErrorCode::usage, "pruning after clustering would pull each cluster towards zero",
                "prune first, then cluster");
  const PruneOptions& options = spec.prune->options;
  THIMBLE_TRY(retrained(spec, "prune", spec.prune->training, {std::make_shared<Pruning>(options)}, s));
  s->pruned = true;
  std::string text = options.m > 0 ? format("prune {}:{}", options.n, options.m)
                                   : format("prune {:.4g} %", options.schedule.target * 100);
  if (options.schedule.kind == PruneSchedule::Kind::constant) text += " at once";
  if (!options.choice.layers.empty()) text += " of " + options.choice.layers.front();
  if (options.choice.layers.size() > 1) text += format(" and {} more", options.choice.layers.size() - 1);
  s->summary.push_back(std::move(text));
  return {};
}

Status VariantStages::cluster(const VariantSpec& spec, Staged* s) {
  ClusterOptions options = spec.cluster->options;
  options.preserve_sparsity = options.preserve_sparsity || s->pruned;
  options.seed = context_.seed;
  s->clustered = false;  // equal weights get new values
  const auto clustering = std::make_shared<Clustering>(options);
  THIMBLE_TRY(retrained(spec, "cluster", spec.cluster->training, {clustering}, s));
  for (const std::string& note : clustering->notes())
    if (context_.hooks.note) context_.hooks.note(format("{}: {}", spec.name, note));
  s->clustered = true;
  s->per_channel = options.per_channel;
  s->summary.push_back(format("cluster {}", options.clusters));
  return {};
}

Status VariantStages::qat(const VariantSpec& spec, Staged* s) {
  const QatOptions& options = spec.qat->options;
  THIMBLE_ASSIGN(const auto technique, Qat::make(s->graph, options,
                                                 calibration_samples(context_.data.splits.train, context_.data.feeding,
                                                                     spec.qat->calibration_samples)));
  Weights weights;
  THIMBLE_TRY(retrained(spec, "qat", spec.qat->training, {technique}, s, &weights));
  THIMBLE_ASSIGN(s->quantized, technique->deployed(weights));
  const int bits = options.quantize.bits;
  s->summary.push_back(bits == 8              ? std::string("qat int8")
                       : bits == kTernaryBits ? std::string("qat ternary")
                                              : format("qat int{}", bits));
  return {};
}

Status VariantStages::search(const VariantSpec& spec, Staged* s) {
  Retraining how = retraining(spec, "search", {});
  how.spec = context_.recipe.train;
  how.spec.seed = context_.seed;
  how.hooks.stop = context_.hooks.cancelled;
  const std::string name = label(spec, "search");
  CompressionOptions options;
  options.goal = spec.search->goal;
  options.samples = spec.search->passes * how.train.size();
  options.io = QuantizeOptions::Io::int8;
  options.folder = join_path(context_.checkpoints, format("{}.{}.search", spec.name, context_.tag));
  options.resume = context_.resume;
  THIMBLE_ASSIGN(const std::vector<uint8_t> given, write_tflite(s->graph));
  options.fingerprint = sha256_hex(given);
  int noted = 0;
  options.progress = [&](const CompressionProgress& p) {
    const Trial* last = p.search.last;
    if (last && last->number > noted && context_.hooks.note) {
      noted = last->number;
      context_.hooks.note(format("{}: trial {}/{}: {}", name, noted, p.search.trials, last->to_string()));
    }
    if (context_.hooks.progress)
      context_.hooks.progress({name, std::min(p.search.samples_done + p.samples_now, p.search.samples_total),
                               p.search.samples_total, "samples", p.trial.plan.to_string()});
  };
  THIMBLE_ASSIGN(Compressed found, compress_model(s->graph, how, options));
  const Trial& chosen = found.search.trials[found.search.chosen];
  SearchReport report = search_report(found, options.goal, how.train.classes() > 0);
  report.model = spec.from.empty() ? "the trained network" : spec.from;
  report.data = context_.recipe.data.set;
  const std::string page = join_path(options.folder, "search.html");
  THIMBLE_TRY(write_file_atomic(page, search_html(report)));
  s->summary.push_back(format("search: {}", chosen.plan.to_string()));
  s->settings.push_back(
      format("chosen by itself among {} trials for {}{}: {}; the model given teaches; {} samples in all",
             found.search.trials.size(), options.goal.to_string(), found.search.met ? "" : " (not met, the nearest)",
             chosen.plan.to_string(), options.samples));
  if (context_.hooks.note) context_.hooks.note(format("{}: {} shows all trials", name, page));
  s->add_training("search", {});  // of many trials, which search.html lists
  std::vector<TensorSize> sizes = constant_sizes(s->graph, found.chosen);
  s->quantized = Quantized{std::move(found.chosen), {}, std::move(sizes)};
  return {};
}

Status VariantStages::distil_alone(const VariantSpec& spec, Staged* s) {
  THIMBLE_TRY(retrained(spec, "distill", spec.distill->training, {}, s));
  s->summary.push_back("distill");
  return {};
}

Status VariantStages::train_network(const VariantSpec& spec, const char* stage, const NetworkStage& network,
                                    Staged* s) {
  const StageTraining& training = network.training;
  ModelSpec model;
  model.input = context_.recipe.model.input;
  model.layers = network.layers;
  TrainSpec how = context_.recipe.train;
  how.seed = context_.seed;
  if (training.epochs > 0) how.epochs = training.epochs;
  if (training.learning_rate > 0) how.optimizer.learning_rate = training.learning_rate;
  if (network.decay_epochs > 0) how.schedule.decay_steps = network.decay_epochs;
  TrainOptions options;
  options.threads = context_.threads;
  options.checkpoint = checkpoint(spec, stage);
  options.resume = context_.resume;
  std::string taught;
  if (spec.distill) {
    THIMBLE_ASSIGN(const auto technique, teacher(*spec.distill));
    options.techniques = {technique};
    taught = technique->describe() + "; ";
  }
  const std::string name = label(spec, stage);
  THIMBLE_ASSIGN(const TrainResult trained,
                 train(model, how, context_.data.splits.train, context_.data.splits.validation, context_.data.feeding,
                       context_.recipe.data.augment, options, training_hooks(context_.hooks, name, how)));
  if (trained.interrupted) return training_interrupted(name, trained.epochs.size(), options.checkpoint);
  THIMBLE_ASSIGN(s->graph, deployable_graph(model, trained.weights, context_.data.feeding, spec.name));
  s->add_training(stage, trained.epochs);
  s->summary.push_back(format("{} of {} parameters", stage, trained.parameters));
  s->settings.push_back(format("another architecture of {} parameters, trained from nothing, {}{}", trained.parameters,
                               taught, how_trained(how)));
  return {};
}

// What takes part in every training of a variant: its teacher, and what keeps zeros and equal weights.
Result<Techniques> VariantStages::companions(const VariantSpec& spec, const Staged& s) {
  Techniques list = keepers(s);
  std::ranges::reverse(list);
  if (spec.distill) {
    THIMBLE_ASSIGN(auto technique, teacher(*spec.distill));
    list.insert(list.begin(), std::move(technique));
  }
  return list;
}

Retraining VariantStages::retraining(const VariantSpec& spec, const char* stage, const StageTraining& training) const {
  Retraining how;
  how.train = context_.data.splits.train;
  how.validation = context_.data.splits.validation;
  how.feeding = context_.data.feeding;
  how.augment = context_.recipe.data.augment;
  how.spec = stage_training(context_.recipe.train, stage, training, context_.seed);
  how.threads = context_.threads;
  how.checkpoint = checkpoint(spec, stage);
  how.resume = context_.resume;
  return how;
}

Status VariantStages::shrink(const VariantSpec& spec, Staged* s) {
  const ShrinkPlan& plan = spec.shrink->plan;
  Retraining how = retraining(spec, "shrink", spec.shrink->training);
  const std::string name = label(spec, "shrink");
  how.hooks = training_hooks(context_.hooks, name, how.spec);
  auto result = thimble::shrink(s->graph, plan, how, [&] { return companions(spec, *s); });
  if (!result) return with_context(std::move(result).error(), "shrink");
  if (result->interrupted) return training_interrupted(name, result->epochs.size(), how.checkpoint);
  Shrunk& shrunk = result->shrunk;
  s->graph = std::move(shrunk.graph);
  s->add_training("shrink", std::move(result->epochs));
  s->summary.push_back(
      format("shrink {:.3g} %", 100.0 * static_cast<double>(shrunk.channels_after) /
                                    static_cast<double>(std::max<int64_t>(shrunk.channels_before, 1))));
  s->settings.push_back(format("{} of {} channels left, ranked by {}{}; {}", shrunk.channels_after,
                               shrunk.channels_before, thimble::name(plan.ranking),
                               plan.rounds > 1 ? format(", {} rounds", plan.rounds) : "", how_trained(how.spec)));
  return {};
}

Status VariantStages::retrained(const VariantSpec& spec, const char* stage, const StageTraining& training,
                                Techniques techniques, Staged* s, Weights* weights) {
  THIMBLE_ASSIGN(Techniques more, companions(spec, *s));
  techniques.insert(techniques.begin(), more.begin(), more.end());
  Retraining how = retraining(spec, stage, training);
  const std::string name = label(spec, stage);
  how.hooks = training_hooks(context_.hooks, name, how.spec);
  auto result = retrain(s->graph, how, techniques);
  if (!result) return with_context(std::move(result).error(), stage);
  if (result->interrupted) return training_interrupted(name, result->epochs.size(), how.checkpoint);
  s->graph = std::move(result->graph);
  if (weights) *weights = std::move(result->weights);
  s->add_training(stage, std::move(result->epochs));
  std::string text;
  for (const auto& technique : techniques) text += (text.empty() ? "" : "; ") + technique->describe();
  s->settings.push_back(
      format("{}; {}", text.empty() ? "trained on, with nothing else changed" : text, how_trained(how.spec)));
  return {};
}

// Zeros and equal weights of earlier stages, wherever they are.
Techniques VariantStages::keepers(const Staged& s) const {
  Techniques list;
  if (s.clustered)
    list.push_back(std::make_shared<Clustering>(
        ClusterOptions{.per_channel = s.per_channel, .keep = true, .choice = {.depthwise = true}}));
  if (s.pruned) {
    PruneOptions keep;
    keep.keep = true;
    keep.choice.depthwise = true;
    list.push_back(std::make_shared<Pruning>(std::move(keep)));
  }
  return list;
}

Result<std::shared_ptr<Technique>> VariantStages::teacher(const DistillStage& stage) {
  DistillOptions options = distill_options(stage);
  options.threads = context_.threads;
  if (stage.teacher.ends_with(".tflite")) {
    const std::string path = join_path(context_.recipe.directory, stage.teacher);
    THIMBLE_ASSIGN(const std::vector<uint8_t> bytes, read_file(path));
    auto graph = read_tflite(bytes);
    if (!graph) return with_context(std::move(graph).error(), path);
    options.teacher = std::make_shared<const Graph>(std::move(*graph));
  } else {
    options.teacher = std::make_shared<const Graph>(made_.at(stage.teacher).graph);
  }
  return std::make_shared<Distillation>(std::move(options));
}

std::string VariantStages::checkpoint(const VariantSpec& spec, const char* stage) const {
  return format("{}/{}.{}.{}.ckpt", context_.checkpoints, spec.name, context_.tag, stage);
}

std::string VariantStages::label(const VariantSpec& spec, const char* stage) const {
  return format("{}, {}: {}", spec.name, context_.label, stage);
}

}  // namespace thimble
