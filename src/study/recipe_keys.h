// What a recipe can say: every key with what it takes and a sentence. The keys are those that the reader asks for; only
// the sentences stand in a table.
#pragma once

#include <string>
#include <vector>

#include "base/word.h"

namespace thimble {

struct RecipeKey {
  std::string path;   // "train.epochs", "model.layers.*.kernel"
  std::string takes;  // "a whole number from 1 to 1000000"; empty: see `about`
  std::string about;  // empty only where the table lacks a sentence (a test finds it)
};

// In the order of reading. Keys of a variant's stages are described in study/options.
std::vector<RecipeKey> recipe_keys();
// Sentences without a key, which nothing reads: must be none.
std::vector<std::string> sentences_without_key();

}  // namespace thimble
