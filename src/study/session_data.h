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

// shape: the model's input, so that pictures of folders are brought to it.
Result<StudyData> open_study_data(const DataSpec& spec, const std::vector<int64_t>& shape, const std::string& data_dir,
                                  uint64_t seed);

// Reads the model file of a recipe that imports one; path relative to the recipe.
Status load_imported_model(Recipe& recipe);

}  // namespace thimble
