// Words of Keras, PyTorch and TFLite where a recipe has another one: a mistake made out of habit gets the word it
// meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace thimble {

// Where in a recipe the word stood.
enum class WordPlace {
  section,
  layer,
  layer_key,
  activation,
  initializer,
  loss,
  optimizer,
  optimizer_key,
  schedule,
  data_key,
  model_key,
  train_key,
};

// "Keras's kernel_size is `kernel` here"; empty where the word is not known. Case, "_", "-" and spaces do not matter.
std::string foreign_word(WordPlace place, std::string_view word);

// The hint for an unknown word: what another tool's word is called here, else the nearest of ours, else what there is.
std::string word_hint(WordPlace place, std::string_view word, std::span<const std::string> ours);

}  // namespace thimble
