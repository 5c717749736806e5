#include "compress/search/carry_out.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "compress/cluster/cluster.h"
#include "compress/distill/distill.h"
#include "compress/prune/prune.h"
#include "compress/qat/qat.h"
#include "compress/shrink/shrink.h"

namespace thimble {
namespace {

enum Stage { kShrink, kPrune, kCluster, kQat };

// Each stage's share of the samples, among those that a plan has.
struct StageRule {
  const char* name;
  double share;
};
constexpr StageRule kStages[] = {{"shrink", 4}, {"prune", 3}, {"cluster", 1}, {"qat", 3}};
// Four bits and fewer have more to learn again.
constexpr double kCoarseRate = 1;
constexpr double kTemperature = 4, kAlpha = 0.5;

class Execution {
 public:
  Execution(const CompressionPlan& plan, int64_t samples, const Retraining& how) : plan_(plan), how_(how) {
    double all = 0;
    for (int s = kShrink; s <= kQat; ++s)
      if (has(s)) all += kStages[s].share;
    for (int s = kShrink; s <= kQat; ++s)
      samples_[s] = has(s) ? static_cast<int64_t>(static_cast<double>(samples) * kStages[s].share / all) : 0;
  }

  Result<Quantized> run(const Graph& float_graph, const QuantizeOptions& form, const CalibrationSamples& calibration) {
    Graph graph = float_graph;
    teacher_ = std::make_shared<const Graph>(float_graph);
    if (has(kShrink)) {
      ShrinkPlan shrinking;
      shrinking.options.keep = plan_.keep;
      shrinking.ranking = Ranking::taylor;
      THIMBLE_ASSIGN(ShrinkResult shrunk,
                     shrink(graph, shrinking, training(kShrink), [&]() -> Result<Techniques> { return with({}); }));
      if (shrunk.interrupted) return stopped(kShrink);
      graph = std::move(shrunk.shrunk.graph);
    }
    if (has(kPrune)) {
      PruneOptions zeros;
      zeros.schedule.target = plan_.sparsity;
      zeros.global = true;
      THIMBLE_TRY(trained(kPrune, {std::make_shared<Pruning>(zeros)}, &graph, nullptr));
    }
    if (has(kCluster)) {
      ClusterOptions values;
      values.clusters = plan_.clusters;
      values.preserve_sparsity = has(kPrune);
      values.seed = how_.spec.seed;
      THIMBLE_TRY(trained(kCluster, {std::make_shared<Clustering>(values)}, &graph, nullptr));
    }
    QatOptions integer;
    integer.quantize = form;
    integer.quantize.bits = plan_.bits;
    integer.quantize.layer_bits = plan_.layer_bits;
    integer.quantize.per_tensor_weights = has(kCluster);
    THIMBLE_ASSIGN(const auto qat, Qat::make(graph, integer, calibration));
    Techniques keepers;
    if (has(kCluster)) {
      ClusterOptions equal;
      equal.keep = true;
      keepers.push_back(std::make_shared<Clustering>(equal));
    }
    if (has(kPrune)) {
      PruneOptions zeros;
      zeros.keep = true;
      keepers.insert(keepers.begin(), std::make_shared<Pruning>(zeros));
    }
    keepers.push_back(qat);
    Weights weights;
    THIMBLE_TRY(trained(kQat, std::move(keepers), &graph, &weights));
    return qat->deployed(weights);
  }

 private:
  bool has(int stage) const {
    switch (stage) {
      case kShrink: return plan_.keep < 1;
      case kPrune: return plan_.sparsity > 0;
      case kCluster: return plan_.clusters > 0;
      default: return true;
    }
  }

  Techniques with(Techniques techniques) const {
    DistillOptions lesson;
    lesson.teacher = teacher_;
    lesson.teacher_name = "the model given";
    lesson.temperature = kTemperature;
    lesson.alpha = kAlpha;
    lesson.threads = how_.threads;
    techniques.insert(techniques.begin(), std::make_shared<Distillation>(lesson));
    return techniques;
  }

  // Whole epochs where the samples reach for one, otherwise one over a part of the set.
  Retraining training(Stage stage) const {
    Retraining now = how_;
    const int64_t n = how_.train.size(), wanted = std::max<int64_t>(samples_[stage], 1);
    const int epochs =
        std::max(1, static_cast<int>(std::llround(static_cast<double>(wanted) / static_cast<double>(n))));
    if (wanted < n) now.train = how_.train.shuffled(how_.spec.seed + static_cast<uint64_t>(stage)).limit(wanted);
    now.validation = {};
    const double rate = stage == kQat && plan_.bits <= 4 ? kCoarseRate : usual_rate(kStages[stage].name);
    now.spec = fine_tuning(how_.spec, epochs, how_.spec.optimizer.learning_rate * rate);
    if (!how_.checkpoint.empty()) now.checkpoint = format("{}.{}", how_.checkpoint, kStages[stage].name);
    return now;
  }

  Status trained(Stage stage, Techniques techniques, Graph* graph, Weights* weights) {
    auto result = retrain(*graph, training(stage), with(std::move(techniques)));
    if (!result) return with_context(std::move(result).error(), kStages[stage].name);
    if (result->interrupted) return stopped(stage);
    *graph = std::move(result->graph);
    if (weights) *weights = std::move(result->weights);
    return {};
  }

  static tl::unexpected<Error> stopped(Stage stage) {
    return fail(ErrorCode::interrupted, format("{} was interrupted", kStages[stage].name));
  }

  const CompressionPlan& plan_;
  const Retraining& how_;
  std::shared_ptr<const Graph> teacher_;
  int64_t samples_[kQat + 1] = {};
};

}  // namespace

Result<Quantized> carry_out(const Graph& float_graph, const CompressionPlan& plan, int64_t samples,
                            const Retraining& how, const QuantizeOptions& form, const CalibrationSamples& calibration) {
  return Execution(plan, samples, how).run(float_graph, form, calibration);
}

void remove_checkpoints(const std::string& checkpoint) {
  for (const StageRule& stage : kStages)
    for (const char* round : {"", ".round1"})
      for (const char* suffix : {"", ".previous"})
        std::remove(format("{}.{}{}{}", checkpoint, stage.name, round, suffix).c_str());
}

}  // namespace thimble
