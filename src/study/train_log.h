// The epochs of a training as files: a CSV and a TensorBoard event file, rewritten whole after each
// epoch (they are small), so that they are complete at every moment.
#pragma once

#include "train/trainer.h"

namespace thimble {

class TrainLog {
 public:
  // Empty names: no such file.
  TrainLog(std::string csv_file, std::string tensorboard_file)
      : csv_file_(std::move(csv_file)), tensorboard_file_(std::move(tensorboard_file)) {}
  void add(const EpochRecord& epoch);
  // The first error of writing, if any.
  Status finish() const { return status_; }

 private:
  std::string csv_file_, tensorboard_file_, csv_, events_;
  Status status_;
};

}  // namespace thimble
