// `thimble quantize --sensitivity` and `--mixed`: what fewer bits do to each layer, and bits per layer for a goal.
#pragma once

#include "app/command.h"
#include "base/json.h"
#include "compress/mixed_precision.h"
#include "data/dataset.h"
#include "data/feeding.h"

namespace thimble::app {

struct WidthArguments {
  bool sensitivity = false;
  std::string mixed, widths = "8,4,2";
  int64_t validate = 5000;

  bool on() const { return sensitivity || !mixed.empty(); }
};

void declare_widths(Options& options, WidthArguments* a);
// The words are read before anything is opened. Errors: usage.
Status check_widths(const WidthArguments& a);

struct WidthsOutcome {
  SensitivityTable table;
  std::optional<MixedPrecision> mixed;
};
// Scores on validation samples of the set; it never sees the test part.
Result<WidthsOutcome> run_widths(const WidthArguments& a, const QuantizeOptions& options, const Graph& graph,
                                 const Dataset& validation, const Feeding& feeding, const CalibrationSamples& samples,
                                 const Context& context);

void print_widths(const WidthsOutcome& outcome, const Context& context);
// Fields "sensitivity":{…} and, with --mixed, "mixed":{…}.
void write_widths(JsonWriter& json, const WidthsOutcome& outcome);
// An error with exit code 5 where the goal was not met.
Status goal_status(const WidthArguments& a, const WidthsOutcome& outcome);

}  // namespace thimble::app
