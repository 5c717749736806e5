// How a study's trainings report: progress, one note per epoch, Ctrl-C.
#pragma once

#include "study/study.h"
#include "train/trainer.h"

namespace thimble {

// `label` names the training ("training, seed 1", "pruned, seed 1: prune").
TrainHooks training_hooks(const StudyHooks& hooks, const std::string& label, const TrainSpec& spec);

// The error of a training that a hook stopped.
tl::unexpected<Error> training_interrupted(const std::string& label, size_t epochs_done, const std::string& checkpoint);

}  // namespace thimble
