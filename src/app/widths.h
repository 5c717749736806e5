// `thimble quantize --sensitivity` and `--mixed`: what fewer bits do to each layer, and bits per layer for a goal.
#pragma once

#include "app/command.h"
#include "base/json.h"
#include "compress/mixed_precision/mixed_precision.h"
#include "data/dataset.h"
#include "data/feeding.h"
#include "study/variant_spec.h"

namespace thimble::app {

struct WidthsOutcome {
  SensitivityTable table;
  std::optional<MixedPrecision> mixed;
};
// The table, and where stage.mixed says so a choice. Scores on validation samples of the set; it never sees the test
// part.
Result<WidthsOutcome> run_widths(const QuantizeStage& stage, const Graph& graph, const Dataset& validation,
                                 const Feeding& feeding, const CalibrationSamples& samples, const Context& context);

void print_widths(const WidthsOutcome& outcome, const Context& context);
// Fields "sensitivity":{…} and, with --mixed, "mixed":{…}.
void write_widths(JsonWriter& json, const WidthsOutcome& outcome);
// An error with exit code 5 where the goal was not met.
Status goal_status(const QuantizeStage& stage, const WidthsOutcome& outcome);

}  // namespace thimble::app
