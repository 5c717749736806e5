#include "study/training_hooks.h"

namespace thimble {

TrainHooks training_hooks(const StudyHooks& hooks, const std::string& label, const TrainSpec& spec) {
  TrainHooks train_hooks;
  train_hooks.stop = hooks.cancelled;
  train_hooks.progress = [hooks, label, batch = spec.batch](const TrainProgress& p) {
    if (!hooks.progress) return;
    const int64_t done = (static_cast<int64_t>(p.epoch - 1)) * p.steps + p.step;
    std::string detail = format("epoch {}/{}  loss {:.4f}", p.epoch, p.epochs, p.loss);
    if (p.accuracy >= 0) detail += format("  accuracy {:.4f}", p.accuracy);
    hooks.progress({label, done * batch, static_cast<int64_t>(p.epochs) * p.steps * batch, "images", detail});
  };
  train_hooks.epoch = [hooks, label, epochs = spec.epochs](const EpochRecord& e) {
    std::string text = format("{}: epoch {}/{}  loss {:.4f}", label, e.epoch, epochs, e.loss);
    if (e.accuracy >= 0) text += format("  accuracy {:.4f}", e.accuracy);
    if (e.has_validation) text += format("  val_loss {:.4f}", e.val_loss);
    if (e.has_validation && e.val_accuracy >= 0) text += format("  val_accuracy {:.4f}", e.val_accuracy);
    if (hooks.note) hooks.note(text + format("  {:.1f} s", e.seconds));
  };
  return train_hooks;
}

tl::unexpected<Error> training_interrupted(const std::string& label, size_t epochs_done,
                                           const std::string& checkpoint) {
  return fail(ErrorCode::interrupted, format("{} was interrupted after epoch {}", label, epochs_done),
              format("go on with --resume; the state is in {}", checkpoint));
}

}  // namespace thimble
