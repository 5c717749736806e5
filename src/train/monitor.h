// The quantity that early stopping, the best epoch and plateaus look at after each epoch.
#pragma once

#include <string>

#include "train/trainer.h"

namespace thimble {

// `what`: "loss", "accuracy", "val_loss" or "val_accuracy".
double monitored(const EpochRecord& epoch, const std::string& what);
bool higher_is_better(const std::string& what);
bool improves(double now, double best, double min_delta, bool higher_is_better);

// What decides the epoch to keep: early stopping's monitor where that is on; else best_monitor, which is the loss
// where there are no classes.
std::string best_monitor(const TrainSpec& spec, bool classes);

// Every monitor that the specification turns on must exist. Errors: usage (val_… without a validation part, accuracy
// without classes), naming the key and the way out.
Status check_monitors(const TrainSpec& spec, bool has_validation, bool classes);

}  // namespace thimble
