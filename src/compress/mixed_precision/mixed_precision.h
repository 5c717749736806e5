// Bits per layer, chosen from the sensitivity of the layers: narrow where it costs little, wide where it costs much.
//
// The rule (greedy, deterministic): all layers begin at the widest width. The next step of a layer is to its next
// narrower width that saves packed bytes; its price is the rise of the validation loss per byte saved, both from the
// sensitivity table. The cheapest step of all layers is taken (of equal ones the earlier layer's).
//   Limit on accuracy or loss: each step is tried on the model as it then is. A step that breaks the limit is not
//     taken, and its layer keeps its width; the others go on. The result is a model that was measured within the limit.
//   Limit on bytes: steps are taken until the packed file is small enough; then steps are taken back, the last one
//     first, where the file stays small enough without them.
#pragma once

#include "compress/mixed_precision/sensitivity.h"

namespace thimble {

// One of the three.
struct MixedGoal {
  enum class Kind { accuracy_drop, loss_rise, bytes } kind = Kind::accuracy_drop;
  // accuracy_drop: share of the samples; loss_rise: share of the loss; both of the float model's. bytes: packed.
  double limit = 0.005;

  bool met(const ModelScore& score, int64_t bytes, const ModelScore& of_float) const;
  std::string to_string() const;  // "accuracy-drop 0.5"
};

// "accuracy-drop 0.5" (percentage points below the float model), "loss-rise 5" (percent above the float model's loss)
// or "bytes 12000" (of the packed file, also "12KB" or "12 KB" of 1,000 bytes). Errors: usage.
Result<MixedGoal> parse_mixed_goal(std::string_view text);

struct MixedStep {
  std::string layer;
  int from = 8, to = 4;
  double price = 0;  // loss per byte, by the table
  bool taken = false;
  ModelScore score;  // of the model with the step; not measured for a limit on bytes
  int64_t bytes = 0;
};

struct MixedPrecision {
  SensitivityTable table;
  std::vector<MixedStep> steps;           // in the order in which they were tried
  std::map<std::string, int> layer_bits;  // of every layer
  Quantized result;
  ModelScore score;
  int64_t bytes = 0;  // packed
  bool met = false;   // false: the nearest that there is (all layers wide, or all narrow)
};

// The widest of options.widths is where all layers begin. Errors: those of layer_sensitivity; usage where a limit on
// accuracy is asked for and `score` gives none.
Result<MixedPrecision> choose_widths(const Graph& float_graph, const CalibrationSamples& samples,
                                     const ScoreModel& score, const MixedGoal& goal, const SensitivityOptions& options);

}  // namespace thimble
