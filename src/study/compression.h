// The smallest model within a goal, found by itself: what `thimble compress` does. Candidate plans from the model's
// layers, successive halving over them (compress/search/search.h), each plan carried out (compress/search/carry_out.h),
// packed and scored on validation samples.
#pragma once

#include "compress/quantize/quantize.h"
#include "compress/retrain.h"
#include "compress/search/search.h"
#include "report/page/report_search.h"
#include "study/boards.h"

namespace thimble {

// What the model shall be. Exactly one of the first three, or a board.
struct CompressionGoal {
  double accuracy_drop = -1;  // at most so many percentage points below the model given, on the validation part
  double loss_rise = -1;      // for models without classes: at most so many percent above its loss
  int64_t most_bytes = 0;     // of the packed file
  // Flash of the C that `thimble export` writes, the arena and the stack beside it, as `thimble fit` estimates them.
  // flash 0: no board; ram 0: any.
  Board board;

  std::string to_string() const;  // "at most 0.5 points of accuracy lost"
};

// "accuracy-drop 0.5", "loss-rise 10". Errors: usage.
Status parse_budget(std::string_view text, CompressionGoal* goal);
// A known board ("uno-r4"), or "NAME:flash=32K,ram=8K" (K is 1,000, Ki is 1,024), where NAME says whose code it is:
// that of a known board or core, and for any other name the Cortex-M4F's. Errors: usage.
Status parse_board(std::string_view text, CompressionGoal* goal);

// A goal of accuracy needs classes, one of loss numbers. Errors: usage.
Status check_goal(const CompressionGoal& goal, bool classes);

inline constexpr int kSearchPasses = 60;  // over the training part, in all

struct CompressionProgress {
  TrialOutcome before;  // the model given
  SearchProgress search;
  Trial trial;              // that runs now
  int64_t samples_now = 0;  // of it so far
};

struct CompressionOptions {
  CompressionGoal goal;
  int64_t samples = 0;  // to train on in all; 0: kSearchPasses times the training part
  QuantizeOptions::Io io = QuantizeOptions::Io::float32;
  std::string folder;       // for the ledger and the model of each trial (trial_NN.tflite)
  std::string fingerprint;  // of the model; what else trials depend on is known here
  bool resume = false;
  std::function<void(const CompressionProgress&)> progress;
};

struct Compressed {
  SearchResult search;
  std::vector<size_t> front;  // of search.trials, by ascending bytes
  TrialOutcome before;        // the model given
  SearchGoal goal;            // in numbers
  Graph chosen;               // as written into its file
};

// The file of a trial in the folder.
std::string trial_file(const std::string& folder, const Trial& trial);

// The trials for search.html, without what only the caller knows: names, test scores and the command.
SearchReport search_report(const Compressed& found, const CompressionGoal& goal, bool classes);

// `how`: data, scaling, hooks.stop, and how the model is trained from nothing (carry_out). `how.validation` decides;
// no test sample is looked at. Errors: usage (no validation samples, a budget too small, another search's folder),
// interrupted, and those of carry_out().
Result<Compressed> compress_model(const Graph& float_graph, const Retraining& how, const CompressionOptions& options);

}  // namespace thimble
