// Magnitude pruning: the smallest weights become zero while the network learns to do without them.
//
// After every optimisation step the masked weights (and their averages) are set to zero again: a projection, which
// needs nothing from the optimiser and combines with any other technique. At the steps of the schedule the mask is
// chosen anew among the weights that are still there; what was pruned stays pruned, also what was zero at the start.
// Rule of the mask: with k = round(n · (1 − sparsity)) and at least 1, all weights stay whose magnitude is not below
// the k-th largest, so ties stay (as in Zhu and Gupta, "To prune, or not to prune", 2017, and in TensorFlow's toolkit).
#pragma once

#include "compress/weight_matrix.h"
#include "train/technique.h"

namespace thimble {

// Sparsity as a function of the optimisation step t (counted from 0 before the first).
struct PruneSchedule {
  enum class Kind { constant, polynomial } kind = Kind::polynomial;
  double initial = 0;  // polynomial: at `begin`
  double target = 0.5;
  int64_t begin = 0;
  int64_t end = -1;  // −1: 50 % of the steps, so that the other half learns with a fixed mask
  double power = 3;
  // The mask changes at begin, begin + frequency, … and at end. 0: every 100 steps, in short trainings more often, so
  // that there are at least 20 changes.
  int64_t frequency = 0;

  int64_t end_step(int64_t steps) const;
  int64_t interval(int64_t steps) const;
  // constant: target from `begin` on. polynomial: target + (initial − target)·(1 − (t − begin)/(end − begin))^power,
  // clamped to its ends. 0 before `begin`.
  double sparsity(int64_t step, int64_t steps) const;
  // Whether the mask is chosen anew at this step.
  bool changes(int64_t step, int64_t steps) const;
};

struct PruneOptions {
  PruneSchedule schedule;
  WeightChoice choice;
  // One threshold over all chosen tensors in place of one per tensor. Each keeps at least its largest.
  bool global = false;
  // Blocks of rows × columns of the weight matrix [output channels, rest] (weight_matrix.h) go or stay together; their
  // magnitude is the mean of |w|. Blocks at the edges may be smaller. 1 × 4: four neighbours of one output channel.
  int64_t block_rows = 1, block_columns = 1;
  // N:M, "2:4": of each m neighbours in a row of the weight matrix the n largest stay (the earlier of equals), from
  // `begin` on; the schedule's sparsities are not used. A shorter group at the end of a row keeps at most n too.
  int64_t n = 0, m = 0;
  // Chooses nothing: weights that are zero when training begins stay zero. For what follows a pruning.
  bool keep = false;
};

// "2:4" and "1x4"; errors: usage.
Status parse_pattern(std::string_view text, PruneOptions* options);
Status parse_block(std::string_view text, PruneOptions* options);
// Ranges: sparsity in [0, 1), begin ≤ end, n < m, … Errors: usage.
Status check(const PruneOptions& options);

class Pruning final : public Technique {
 public:
  explicit Pruning(PruneOptions options) : options_(std::move(options)) {}

  std::string describe() const override;
  Status rewrite(Model& model) override;
  Status begin(FitView& fit) override;
  Status after_step(FitView& fit) override;
  std::vector<uint8_t> save() const override;
  Status restore(std::span<const uint8_t> bytes) override;

 private:
  struct Target {
    WeightMatrix weights;
    size_t parameter = 0;       // in FitView::parameters
    std::vector<uint8_t> mask;  // 1: the weight stays
  };
  Status find_parameters(FitView& fit);
  void apply(FitView& fit) const;
  void choose(FitView& fit, double sparsity);

  PruneOptions options_;
  std::vector<Target> targets_;
  std::vector<uint8_t> restored_;
};

// The mask of one tensor, or of several under one threshold, from magnitudes: the rules above without the training.
// masks[i] holds the weights that may stay so far, and is narrowed.
void choose_masks(std::span<const WeightMatrix> weights, std::span<const std::span<const float>> values,
                  const PruneOptions& options, double sparsity, std::span<std::vector<uint8_t>> masks);

}  // namespace thimble
