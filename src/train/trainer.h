// The fit loop. Forward, backward and update are one Program on one static arena; the host feeds
// batches, reads the loss and the outputs, decides schedules and callbacks, and saves checkpoints.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "data/batches.h"
#include "runtime/program.h"
#include "train/model.h"
#include "train/technique.h"

namespace thimble {

struct EpochRecord {
  int epoch = 0;                                                  // from 1
  double loss = 0, accuracy = 0, val_loss = 0, val_accuracy = 0;  // accuracy −1 where there are no classes
  double learning_rate = 0, seconds = 0;
  bool has_validation = false;
};

// Loss (mean over samples) and, for classes, accuracy of predictions.
struct Evaluation {
  double loss = 0, accuracy = -1;
  int64_t n = 0, correct = 0;
};

struct TrainProgress {
  int epoch = 0, epochs = 0;      // current, from 1
  int64_t step = 0, steps = 0;    // within the epoch
  double loss = 0, accuracy = 0;  // running means of this epoch
  double images_per_s = 0;
};

// What the caller may watch and decide.
struct TrainHooks {
  std::function<void(const TrainProgress&)> progress;  // after steps, at most every 100 ms
  std::function<void(const EpochRecord&)> epoch;
  std::function<bool()> stop;  // Ctrl-C, a time limit: asked after each step
};

struct TrainOptions {
  int threads = 1;
  std::string checkpoint;            // file; "" = none. FILE.previous is kept beside it
  bool resume = false;               // continue from `checkpoint` where it exists and fits
  double checkpoint_seconds = 30;    // also within an epoch when this much time has gone by
  double max_seconds = 0;            // 0 = no limit: stops like Ctrl-C, which is not an error then
  const Weights* initial = nullptr;  // first values, in place of the model's own
  Techniques techniques;
};

struct TrainResult {
  Weights weights;  // of the epoch to keep: last, best, or the average
  std::vector<EpochRecord> epochs;
  int64_t parameters = 0, images = 0;
  double seconds = 0, startup_s = 0, images_per_s = 0;
  int64_t arena_bytes = 0;
  bool interrupted = false;  // stopped by a hook or the time limit; the state is in the checkpoint
  bool stopped_early = false;
  int best_epoch = 0;
};

// Trains on `train`, watches `validation` (may be empty). Errors: usage (model and data do not
// fit), diverged (names the first tensor that is not finite), io, bad_file (checkpoint).
Result<TrainResult> train(const ModelSpec& model, const TrainSpec& spec, const Dataset& train,
                          const Dataset& validation, const Feeding& feeding, const Augment& augment,
                          const TrainOptions& options, const TrainHooks& hooks = {});

}  // namespace thimble
