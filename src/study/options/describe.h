// The options of a technique as rows of text: what the tables of docs/recipe.md hold.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thimble {

struct OptionText {
  std::string key;
  std::string flag;  // of the technique's command; empty: only a recipe has it
  std::string otherwise;
  std::string about;
  std::vector<std::string> words;  // the only values; empty: any
};

// "network", "distill", "shrink", "prune", "cluster", "qat", "quantize", "search".
const std::vector<std::string>& technique_names();
// Errors: usage for another name.
Result<std::vector<OptionText>> option_texts(std::string_view technique);
// "| key of `prune = { … }` | default | meaning |" and a line per option.
Result<std::string> option_table(std::string_view technique);

}  // namespace thimble
