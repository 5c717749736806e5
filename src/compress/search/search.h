// Which combination of techniques gives the smallest model within a goal: successive halving (Jamieson and Talwalkar,
// 2016) over compression plans. Every plan of the first rung trains on few samples; the third of them that lies
// around the goal on the Pareto front of bytes and score trains on three times as many from the start again, and so
// on, until one rung's plans have had the longest training. Where the budget does not pay for all plans, a third of
// each later rung are plans that were left out and differ in one setting from the best. The budget is counted in
// samples trained on, never in seconds, so the same seed gives the same result on any machine; each rung gets an equal
// share. Scores are of validation samples: the search never sees a test set.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace thimble {

// What each technique is set to. The defaults are plain 8-bit quantisation-aware training.
struct CompressionPlan {
  double keep = 1;                        // share of channels that stay
  double sparsity = 0;                    // share of weights that become zero, over the whole model
  int clusters = 0;                       // distinct values per tensor; 0: as many as there are
  int bits = 8;                           // of weights: 8, 4, 2
  std::map<std::string, int> layer_bits;  // layers with another width

  // "keep 0.5, sparsity 0.8, 16 clusters, 8 bits (conv1 8)": also what identifies it in the ledger.
  std::string to_string() const;
};

struct TrialOutcome {
  double score = 0;    // on validation samples, more is better: the accuracy, or −loss of a model without classes
  int64_t bytes = 0;   // of the model's file
  int64_t memory = 0;  // bytes of its arena
};

// One of the two: a score to reach with as few bytes as possible, or bytes not to exceed at the best score.
struct SearchGoal {
  double least_score = 0;
  int64_t most_bytes = 0;   // 0: the goal is the score
  int64_t most_memory = 0;  // 0: any

  bool met(const TrialOutcome& outcome) const;
};

struct Trial {
  CompressionPlan plan;
  int number = 0;       // from 1
  int rung = 0;         // from 0
  int64_t samples = 0;  // trained on
  TrialOutcome outcome;

  std::string to_string() const;  // "keep 0.5, 4 bits: 0.9174, 38927 bytes after 27500 samples"
};

struct SearchProgress {
  int64_t samples_done = 0, samples_total = 0;
  int trial = 0, trials = 0;    // this one (from 1) of all
  const Trial* last = nullptr;  // the one that has just ended, or null before the first
};

struct SearchOptions {
  SearchGoal goal;
  int64_t samples = 0;        // the budget
  int64_t least_samples = 0;  // no trial trains on fewer; plans that the budget cannot pay for are dropped evenly
  // Finished trials are kept here, so that an interrupted search goes on where it was. "" = none. `fingerprint` says
  // what the trials depend on beside their plan; a ledger of another search is refused.
  std::string ledger, fingerprint;
  bool resume = false;
  std::function<void(const SearchProgress&)> progress;
};

struct SearchResult {
  std::vector<Trial> trials;  // in the order in which they ran
  size_t chosen = 0;          // of trials: the best within the goal, else the nearest to it
  bool met = false;
};

// Trains, packs and scores one plan. Deterministic; called for one trial at a time.
using RunTrial = std::function<Result<TrialOutcome>(const Trial&)>;

// `plans` from careful to bold; duplicates are tried once. Errors: usage (no plans, a budget that does not pay for
// one trial, another search's ledger), and those of a trial.
Result<SearchResult> search_plans(const std::vector<CompressionPlan>& plans, const SearchOptions& options,
                                  const RunTrial& run);

// Positions of the trials that no other beats in both bytes and score, by ascending bytes.
std::vector<size_t> pareto_front(const std::vector<Trial>& trials);

}  // namespace thimble
