// What a checkpoint must have in common with the training that wants to go on from it.
#pragma once

#include <utility>
#include <vector>

#include "data/augment.h"
#include "data/dataset.h"
#include "data/feeding.h"
#include "train/spec.h"
#include "train/trainer.h"

namespace thimble {

// Everything that decides the weights, key by key ("train.batch" → "32", long things as hashes): the training graph,
// the recipe (optimiser, schedule, batch, epochs, seed, callbacks), augmentation, feeding, names and sizes of the data
// sets, techniques and the weights to start from (`initial`). Not what only decides when and where: threads, log files,
// limits of time.
using TrainingKeys = std::vector<std::pair<std::string, std::string>>;
TrainingKeys training_keys(const Graph& training, const TrainSpec& spec, const Dataset& train,
                           const Dataset& validation, const Feeding& feeding, const Augment& augment,
                           const TrainOptions& options, const NamedWeights& initial = {});

// A hash of all of them.
std::string training_fingerprint(const TrainingKeys& keys);

// For checkpoints: one line per key, and back.
std::string to_text(const TrainingKeys& keys);
TrainingKeys from_text(std::string_view text);

// Whether a training can go on from a checkpoint of other keys: where only train.epochs differs and no technique plans
// with the number of steps. Errors: usage, naming each key that differs, with both values.
Status can_go_on(const TrainingKeys& checkpoint, const TrainingKeys& now, int epochs_done, const std::string& file);

}  // namespace thimble
