// The data of a recipe, opened, split and scaled.
#pragma once

#include "data/batches.h"
#include "study/recipe.h"

namespace thimble {

struct StudyData {
  Splits splits;
  Feeding feeding;
  std::vector<std::pair<std::string, Dataset>> extra;  // further test sets, by name
  std::string content;  // fingerprint of a set of one's own (data/fingerprint.h), else ""
};

// Reads the model file of a recipe that imports one; path relative to the recipe.
Status load_imported_model(Recipe& recipe);

// Opens the recipe's data (after load_imported_model): pictures brought to the model's input, targets taken for classes
// or numbers as data.task, else loss and last layer say, and their scale chosen
// (scale_targets). splits.notes is for the user.
Result<StudyData> open_study_data(Recipe& recipe, const std::string& data_dir);

// How the numbers of a regression are learned (data.target_scale): fills data.feeding's target_mean and
// target_deviation, and takes the scale of its answers out of an imported model.
// Errors: usage (scaled targets asked for that the last layer or the loss cannot learn).
Status scale_targets(Recipe& recipe, StudyData& data);

// The same for commands that train a model further: its own scale, else, for numbers of csv and npz sets behind a
// linear last layer, that of the targets, which the graph's metadata then tells of.
Status scale_targets_of(const std::string& set, const Dataset& train, Feeding* feeding, Graph* graph);

}  // namespace thimble
