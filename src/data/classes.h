// Brings the classes of a set to those of a model: by name, or by number where the set's names are numbers.
#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"

namespace thimble {

struct ModelClasses {
  std::vector<std::string> names;  // of the outputs in their order; empty: not known
  int64_t outputs = 0;             // 0: not known
};

// Renumbers the classes of all parts to the model's. Names are compared without regard to case, '_' and ' ' alike.
// Names that are numbers (npz, csv: `numbers`; everywhere when the model has no names) stand for the output of that
// number. As many nameless outputs as classes are taken in order. Nothing is done to regression, to samples without
// labels, and where nothing is known of the model. Errors: usage, when a class has no output, or when it is not known
// which.
Status match_classes(const ModelClasses& model, bool numbers, Splits* splits);

// Takes labels and targets away: samples to calibrate with, whatever their set says of them.
void drop_labels(Splits* splits);

}  // namespace thimble
