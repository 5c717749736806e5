// The epochs of a training as files: a CSV and a TensorBoard event file, rewritten whole after each
// epoch (they are small), so that they are complete at every moment.
#pragma once

#include "train/trainer.h"

namespace thimble {

class TrainLog {
 public:
  // Empty names: no such file. tensorboard: a log directory (an event file is made in it), or, with "tfevents" in its
  // name, the event file itself.
  TrainLog(std::string csv_file, std::string tensorboard);
  // Makes the folders, so that a training does not find out after its last epoch.
  Status prepare() const;
  void add(const EpochRecord& epoch);
  // The first error of writing, if any.
  Status finish() const { return status_; }

 private:
  std::string csv_file_, tensorboard_file_, csv_, events_;
  Status status_;
};

}  // namespace thimble
