// A study's items spread over processes of this program, on this machine or, under mpirun, on several. Each process
// does one item at a time (`thimble study RECIPE … --item ID`); what it leaves in the study's folder is what this
// process would have left.
#pragma once

#include "study/item.h"
#include "study/ranks.h"

namespace thimble {

struct WorkerOptions {
  int workers = 2;                   // processes on this machine
  std::vector<std::string> command;  // arguments that run this study again: "study", RECIPE, "--out", DIR …
  int attempts = 3;                  // an item whose process dies (a signal, out of memory) is done again
  Ranks* ranks = nullptr;            // the job that this process leads; each other rank is one more worker
  RunProgram run = run_this_program();
};

// Does every plan; their results lie in OUT/items afterwards. Errors: the first item's that ended with one, after the
// workers that were running have ended; interrupted.
Status run_workers(const std::vector<ItemPlan>& plans, const WorkerOptions& workers, const StudyOptions& options,
                   const StudyHooks& hooks);

}  // namespace thimble
