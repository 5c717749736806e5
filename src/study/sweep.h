// What a sweep consists of: one list of changed keys per training.
#pragma once

#include "study/recipe.h"

namespace thimble {

struct SweepPoint {
  std::string key, label;         // for tables: "train.optimizer", "adam"; joined by " × " in a grid
  std::vector<Setting> settings;  // to apply on top of the recipe's own
  // Whether the data set has to be opened anew.
  bool changes_data() const;
};

// Every value of every axis, or every combination of a grid. Errors: usage (more than 10,000 points).
Result<std::vector<SweepPoint>> sweep_points(const Recipe& recipe);

}  // namespace thimble
