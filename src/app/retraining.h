// What `prune`, `cluster` and `distill` share: a float model, a data set, a few epochs with a technique, and a table of
// what that gave.
#pragma once

#include "app/training_material.h"

namespace thimble::app {

// MODEL, -o, --data and the options of the training.
void declare_retraining(Options& options, RetrainArguments* a);

struct Command {
  const char* name;  // "prune": schema thimble.prune/1
  // The techniques for this model. `sparsity`: the fraction of its weights that are zero already.
  std::function<Result<Techniques>(const Graph& graph, double sparsity, const Context& context)> techniques;
  std::function<std::vector<std::string>()> notes;  // afterwards; may be empty
};

// Loads, trains, writes, and prints accuracy (test part), bytes, deflated bytes, zeros and different values before and
// after. Errors: unsupported (a quantised model), usage (a set that does not fit), interrupted (the state is in
// OUT.ckpt).
Status run_retraining(const RetrainArguments& a, const Command& command, const Context& context);

}  // namespace thimble::app
