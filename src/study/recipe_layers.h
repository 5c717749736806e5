// The [model] section of a recipe.
#pragma once

#include "study/toml_reader.h"
#include "train/spec.h"

namespace thimble {

// layers = [ { word = size, … }, … ], or file = "model.tflite", or architecture = "…".
void read_model(TableReader& model, ModelSpec* out, Status* status);

}  // namespace thimble
