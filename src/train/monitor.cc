#include "train/monitor.h"

namespace thimble {

double monitored(const EpochRecord& e, const std::string& what) {
  if (what == "loss") return e.loss;
  if (what == "accuracy") return e.accuracy;
  return what == "val_accuracy" ? e.val_accuracy : e.val_loss;
}

bool higher_is_better(const std::string& what) { return what.ends_with("accuracy"); }

bool improves(double now, double best, double min_delta, bool higher) {
  return higher ? now > best + min_delta : now < best - min_delta;
}

std::string best_monitor(const TrainSpec& spec, bool classes) {
  if (spec.early_stopping.on) return spec.early_stopping.monitor;
  return !classes && spec.best_monitor == "val_accuracy" ? "val_loss" : spec.best_monitor;
}

Status check_monitors(const TrainSpec& spec, bool has_validation, bool classes) {
  const auto check = [&](bool on, const char* key, const std::string& what) -> Status {
    if (!on) return {};
    const bool validation = what.starts_with("val_");
    if (validation && !has_validation)
      return fail(ErrorCode::usage, format("train.{} watches {}, but the data have no validation part", key, what),
                  "set one aside with data.split, for instance split = { train = 800, validation = 100, test = 100 }, "
                  "or watch the training: monitor = \"loss\"");
    if (!classes && what.ends_with("accuracy"))
      return fail(ErrorCode::usage,
                  format("train.{} watches {}, but the model learns numbers, which have no accuracy", key, what),
                  format("monitor = \"{}\"", validation ? "val_loss" : "loss"));
    return {};
  };
  THIMBLE_TRY(check(spec.early_stopping.on, "early_stopping", spec.early_stopping.monitor));
  THIMBLE_TRY(check(spec.keep_best, "keep_best", best_monitor(spec, classes)));
  return check(spec.plateau.on, "reduce_on_plateau", spec.plateau.monitor);
}

}  // namespace thimble
