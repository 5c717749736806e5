#include "app/qat.h"

#include <cstdio>

#include "app/long_work.h"
#include "compress/cluster/cluster.h"
#include "compress/prune/prune.h"
#include "compress/retrain.h"

namespace thimble::app {

Result<QatOutcome> run_qat(const QatOptions& options, const RetrainArguments& training, const Graph& graph,
                           const Material& m, const CalibrationSamples& samples, const Context& context) {
  THIMBLE_ASSIGN(const auto qat, Qat::make(graph, options, samples));
  THIMBLE_ASSIGN(Techniques techniques, taught(training, graph, context));

  Retraining how = m.how;
  const int64_t batch = training.batch, epochs = training.epochs;
  ProgressLine line(context);
  how.hooks.progress = [&](const TrainProgress& p) {
    std::string detail = format("epoch {}/{}  loss {:.4f}", p.epoch, p.epochs, p.loss);
    if (p.accuracy >= 0) detail += format("  accuracy {:.4f}", p.accuracy);
    line.update({"training", (static_cast<int64_t>(p.epoch - 1) * p.steps + p.step) * batch,
                 static_cast<int64_t>(p.epochs) * p.steps * batch, "images", detail});
  };
  how.hooks.epoch = [&](const EpochRecord& e) {
    std::string text = format("epoch {}/{}  loss {:.4f}", e.epoch, epochs, e.loss);
    if (e.has_validation && e.val_accuracy >= 0)
      text += format("  accuracy of the integer model {:.4f}", e.val_accuracy);
    line.note(text + format("  {:.1f} s", e.seconds));
  };
  PruneOptions zeros;
  zeros.keep = true;
  ClusterOptions equal;
  equal.keep = true;
  techniques.insert(techniques.end(), {std::make_shared<Pruning>(zeros), std::make_shared<Clustering>(equal), qat});
  THIMBLE_ASSIGN(Retrained trained, retrain(graph, how, techniques));
  if (trained.interrupted)
    return fail(
        ErrorCode::interrupted, "training was interrupted; nothing was written",
        how.checkpoint.empty() ? std::string() : format("go on with --resume; the state is in {}", how.checkpoint));
  QatOutcome outcome;
  outcome.epochs = std::move(trained.epochs);
  THIMBLE_ASSIGN(outcome.result, qat->deployed(trained.weights));
  return outcome;
}

}  // namespace thimble::app
