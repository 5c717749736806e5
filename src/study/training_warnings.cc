#include "study/training_warnings.h"

#include <algorithm>
#include <cmath>

namespace thimble {
namespace {

constexpr double kStale = 0.05;  // share of its initial value that a running average may still hold
constexpr double kGap = 0.3;     // training accuracy above validation accuracy

int64_t steps_done(const TrainingFacts& f) {
  const int64_t per_epoch = (f.train_samples + f.spec.batch - 1) / std::max<int64_t>(f.spec.batch, 1);
  return per_epoch * static_cast<int64_t>(f.epochs.size());
}

double remembered(double momentum, int64_t steps) { return std::pow(momentum, static_cast<double>(steps)); }

std::string percent(double share) { return format("{:.1f} %", 100 * share); }

// Better than chance by less than two points, or than what so few test samples say: three standard errors, one where
// training itself, which sees more of them, was better than chance.
bool near_chance(const TrainingFacts& f) {
  if (f.classes < 2 || f.accuracy < 0 || f.test_samples < 50) return false;
  const double chance = std::max(f.largest_class, 1.0 / f.classes);
  const double error = std::sqrt(chance * (1 - chance) / static_cast<double>(f.test_samples));
  const bool learned = !f.epochs.empty() && f.epochs.back().accuracy > chance + 0.02;
  return f.accuracy < chance + std::max(0.02, (learned ? 1 : 3) * error);
}

std::string chance_warning(const TrainingFacts& f, double momentum) {
  const EpochRecord& last = f.epochs.back();
  const double chance = std::max(f.largest_class, 1.0 / f.classes);
  std::string text =
      format("The test accuracy of {} is no better than always naming one class ({}): the training failed. ",
             percent(f.accuracy), percent(chance));
  if (last.accuracy > chance + 0.2) {
    text += format("In training the network reached {}, so it learned, but not what inference computes: ",
                   percent(last.accuracy));
    text += momentum >= 0 ? format(
                                "look at the running averages of batch norm (momentum {} over {} steps; a lower one "
                                "follows faster), then ",
                                momentum, steps_done(f))
                          : std::string("look ");
    return text + "at whether test and training data are scaled and labelled alike.";
  }
  text += format("Training itself did not learn (loss {:.3g} after {} epochs; chance is {:.3g}). Probable causes: ",
                 last.loss, f.epochs.size(), std::log(static_cast<double>(f.classes)));
  return text + format(
                    "a learning rate that is too high (it is {}; try a tenth, and schedule = {{ cosine = {{ warmup = 1 "
                    "}} }}) or far too low for so few epochs, activations that saturate or die, or labels that do not "
                    "belong to the samples.",
                    f.spec.optimizer.learning_rate);
}

}  // namespace

double batch_norm_momentum(const std::vector<LayerSpec>& layers) {
  double momentum = -1;
  for (const LayerSpec& layer : layers) {
    if (layer.word == "batch_norm") momentum = std::max(momentum, layer.momentum);
    for (const auto& branch : layer.branches) momentum = std::max(momentum, batch_norm_momentum(branch));
  }
  return momentum;
}

std::vector<std::string> training_warnings(const TrainingFacts& f) {
  std::vector<std::string> warnings;
  if (f.epochs.empty()) return warnings;
  const double momentum = batch_norm_momentum(f.model.layers);
  const EpochRecord& last = f.epochs.back();
  const bool chance = near_chance(f);
  if (chance) warnings.push_back(chance_warning(f, momentum));
  if (!chance && last.has_validation && last.val_accuracy >= 0 && last.accuracy - last.val_accuracy > kGap)
    warnings.push_back(format("Training accuracy is {}, validation accuracy {}: {}.", percent(last.accuracy),
                              percent(last.val_accuracy),
                              momentum >= 0 ? "the network overfits, or the running averages of batch norm, which "
                                              "inference uses, have not settled (lower momentum)"
                                            : "the network overfits: augment, add dropout, or train for fewer epochs"));
  const int64_t steps = steps_done(f);
  if (momentum >= 0 && steps > 0 && remembered(momentum, steps) > kStale) {
    const double enough = std::floor(100 * std::pow(kStale, 1.0 / static_cast<double>(steps))) / 100;
    warnings.push_back(
        format("Batch norm: after {} steps its running averages still hold {} of where they started "
               "(momentum {}); inference uses them. Take a momentum of {:.2f} or less, or train longer.",
               steps, percent(remembered(momentum, steps)), momentum, enough));
  }
  return warnings;
}

std::string training_guards(const TrainingFacts& f) {
  const double momentum = batch_norm_momentum(f.model.layers);
  if (momentum < 0 || f.epochs.empty()) return {};
  const int64_t steps = steps_done(f);
  const EpochRecord& last = f.epochs.back();
  std::string text = format(
      "Guards against a training that fails unseen: batch norm momentum {} leaves {:.2g} % of the initial running "
      "averages after {} steps",
      momentum, 100 * remembered(momentum, steps), steps);
  text += f.spec.schedule.warmup_epochs > 0
              ? format("; the learning rate warms up over {} epochs", f.spec.schedule.warmup_epochs)
              : std::string("; there is no warm-up");
  if (last.has_validation && last.val_accuracy >= 0)
    text += format("; after each epoch validation ran the inference form ({} against {} in training)",
                   percent(last.val_accuracy), percent(last.accuracy));
  else
    text += "; there is no validation part that would run the inference form";
  return text + "; a NaN or infinity would have stopped the training; the test accuracy is compared with chance.";
}

}  // namespace thimble
