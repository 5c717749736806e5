// The data of a recipe, opened, split and scaled.
#pragma once

#include "data/batches.h"
#include "study/recipe.h"

namespace thimble {

struct StudyData {
  Splits splits;
  Feeding feeding;
  std::vector<std::pair<std::string, Dataset>> extra;  // further test sets, by name
};

// Pictures of folders are brought to the model's input; what loss and last layer say of the targets is taken over where
// the recipe says nothing. splits.notes is for the user.
Result<StudyData> open_study_data(const Recipe& recipe, const std::string& data_dir);

// Reads the model file of a recipe that imports one; path relative to the recipe.
Status load_imported_model(Recipe& recipe);

}  // namespace thimble
