// The pieces of work that a study consists of: one training each, with every variant made of it and scored. Any
// process that has the recipe can do any of them, and the result is the same.
#pragma once

#include <optional>

#include "report/study_item.h"
#include "study/session_data.h"
#include "study/study.h"
#include "study/sweep.h"

namespace thimble {

struct ItemPlan {
  std::string id;     // "seed_1", "sweep_3"
  std::string label;  // for people
  uint64_t seed = 1;
  std::optional<SweepPoint> point;  // none: a repeat of the recipe as it stands
  bool first = false;               // its variants are the study's: kept with everything that a report draws
};

// Repeats first, then the sweep. Errors: those of sweep_points.
Result<std::vector<ItemPlan>> plan_items(const Recipe& recipe);

// Trains (going on from a checkpoint with options.resume), makes and scores the variants, and writes their files
// and OUT/items/ID.item. `data`: the recipe's; a point that changes it opens its own. A training that diverges is
// an error for a repeat, and a result for a point of a sweep.
Result<StudyItem> run_item(const Recipe& recipe, const ItemPlan& plan, const StudyData& data,
                           const StudyOptions& options, const StudyHooks& hooks);

// The item as OUT/items/ID.item holds it, if it is there, whole, and of this very study and its data.
std::optional<StudyItem> finished_item(const Recipe& recipe, const ItemPlan& plan, const StudyData& data,
                                       const StudyOptions& options);

}  // namespace thimble
