// What a checkpoint must have in common with the training that wants to go on from it.
#pragma once

#include "data/augment.h"
#include "data/dataset.h"
#include "data/feeding.h"
#include "train/spec.h"
#include "train/trainer.h"

namespace thimble {

// A hash of everything that decides the weights: the training graph, the recipe (optimiser, schedule,
// batch, epochs, seed, callbacks), augmentation, preprocessing, names and sizes of
// the data sets, techniques and the weights to start from.
// Not of what only decides when and where: threads, log files, limits of time.
std::string training_fingerprint(const Graph& training, const TrainSpec& spec, const Dataset& train,
                                 const Dataset& validation, const Feeding& feeding, const Augment& augment,
                                 const TrainOptions& options);

}  // namespace thimble
