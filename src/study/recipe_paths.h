// A path that begins with "sweep." sets a key of [sweep], which is a path itself: "sweep.train.epochs".
// Settings by path: "train.epochs", "model.layers.0.activation" (by position),
// "model.layers.dense_1.units" (by layer name), "model.layers.*.activation" (every layer that has it).
#pragma once

#include "study/recipe.h"
#include "study/toml_reader.h"

namespace thimble {

// Parses `value` as a TOML value, or takes it as a string where it is none.
Status apply_setting(toml::table& root, const Setting& setting);
// The TOML text of a value, on one line.
std::string value_text(const toml::node& node);

}  // namespace thimble
