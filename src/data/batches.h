// Batches of a data set, scaled and augmented, in an order that is a pure function of (seed, epoch).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/augment.h"
#include "data/dataset.h"
#include "data/feeding.h"

namespace thimble {

struct BatchOptions {
  int64_t batch = 32;
  uint64_t seed = 1;
  bool shuffle = true;     // false: in the order of the set
  bool drop_last = false;  // leave out an incomplete last batch
  Augment augment;
};

// One batch. `count` may be below the batch size at the end of an epoch.
struct Batch {
  int64_t epoch = 0, step = 0, count = 0;
  const float* inputs = nullptr;    // count × sample elements
  const int32_t* labels = nullptr;  // count, or null for regression
  const float* targets = nullptr;   // count × target width, or null for classification
};

// Fills batches into the caller's memory; holds the order of one epoch and scratch: one per thread.
class Batches {
 public:
  Batches(Dataset set, Feeding feeding, const BatchOptions& options);

  const Dataset& set() const { return set_; }
  const BatchOptions& options() const { return options_; }
  int64_t steps() const;  // per epoch
  // Batch `step` (0 ≤ step < steps()) of `epoch` (≥ 0). inputs: batch × sample elements; labels: batch entries,
  // targets: batch × target width; either may be null. Returns how many samples were filled.
  int64_t fill(int64_t epoch, int64_t step, float* inputs, int32_t* labels, float* targets);

 private:
  Dataset set_;
  Feeding feeding_;
  BatchOptions options_;
  std::unique_ptr<Augmenter> augmenter_;
  std::vector<uint32_t> order_;
  int64_t order_epoch_ = -1;
};

// The same batches one after the other, prepared ahead by one thread when that pays (augmentation, or large batches).
// Memory is taken in the constructor only.
class Prefetcher {
 public:
  // Starts at (first_epoch, first_step), ends before epoch `end_epoch`. ahead: buffers to fill in advance; 0: never a
  // thread; −1: decide (a thread when there is augmentation or more than 32,768 values in a batch).
  Prefetcher(Batches batches, int64_t first_epoch, int64_t first_step, int64_t end_epoch, int ahead = -1);
  ~Prefetcher();  // stops the thread
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  // The next batch, valid until the next call; null at the end.
  const Batch* next();
  bool threaded() const { return thread_ != nullptr; }

 private:
  struct Slot;
  struct Thread;
  bool produce(Slot& slot);  // fills the next batch; false at the end

  Batches batches_;
  int64_t epoch_, step_, end_epoch_;
  std::vector<Slot> slots_;
  std::unique_ptr<Thread> thread_;
};

}  // namespace thimble
