// The [model] section of a recipe.
#pragma once

#include "study/toml_reader.h"
#include "train/spec.h"

namespace thimble {

// layers = [ { word = size, … }, … ], or file = "model.tflite", or architecture = "…".
void read_model(TableReader& model, ModelSpec* out, Status* status);

// A list of layers on its own: the value of `layers`, or of a variant's `student`.
void read_layers(TableReader& owner, const toml::node& list, std::vector<LayerSpec>* out, Status* status);

}  // namespace thimble
