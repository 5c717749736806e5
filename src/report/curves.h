// Every training curve of a study as files: one CSV, and TensorBoard runs.
#pragma once

#include <string>
#include <vector>

#include "report/study_result.h"

namespace thimble {

// "training,epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds", one line per epoch. A training is
// "seed_1", "qat8: qat" (a variant's stage) or "train.optimizer = sgd" (a point of the sweep).
std::string curves_csv(const StudyResult& result);

// Event files for TensorBoard: folder ("seed_1", "qat8_qat", "sweep/train.optimizer_sgd", below the log directory) and
// content, one run each, with the test score of the run at its last epoch. now: seconds since 1970.
struct EventRun {
  std::string folder, events;
};
std::vector<EventRun> tensorboard_runs(const StudyResult& result, double now);

}  // namespace thimble
