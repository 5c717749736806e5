// A study's items spread over processes of this program, on this machine. Each process does one item (`thimble study
// RECIPE … --item ID`) in the study's folder; what it leaves there is what this process would have left.
#pragma once

#include "study/item.h"

namespace thimble {

struct WorkerOptions {
  int workers = 2;
  std::vector<std::string> command;  // arguments that run this study again: "study", RECIPE, "--out", DIR …
  int attempts = 3;                  // a worker that dies (a signal, out of memory) is started again
};

// Does every plan; their results lie in OUT/items afterwards. Errors: the first item's that ended with one, after the
// workers that were running have ended; interrupted.
Status run_workers(const std::vector<ItemPlan>& plans, const WorkerOptions& workers, const StudyOptions& options,
                   const StudyHooks& hooks);

}  // namespace thimble
