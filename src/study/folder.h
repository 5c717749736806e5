// The folder that a study writes into: which study it holds, and which files are that study's own. OUT/study.txt says
// both; a study does not write over another one unasked.
#pragma once

#include "study/item.h"

namespace thimble {

// Refuses a folder that holds another study: neither the recipe's file nor its text is that of the study in it. Not
// with options.force. Errors: usage.
Status check_folder(const Recipe& recipe, const StudyOptions& options);

// Takes the folder for this study: makes OUT, OUT/models, OUT/checkpoints and OUT/study.txt; what another study wrote
// there is removed, and nothing else. `stale` gets the model files of an earlier run of the same study that this run
// does not write: to be removed with remove_files() when the new ones are there. Errors: io.
Status take_folder(const Recipe& recipe, const std::vector<ItemPlan>& plans, const StudyOptions& options,
                   std::vector<std::string>* stale);

// Paths relative to `folder`; folders that become empty go with them.
void remove_files(const std::string& folder, const std::vector<std::string>& files);

}  // namespace thimble
