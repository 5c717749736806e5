// Any text as a recipe, as it stands and with presets and settings: refused with a reason, or read the same way twice.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "study/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  thimble::RecipeOptions changed;
  changed.preset = "quick";
  changed.settings = {{"train.epochs", "1"}, {"model.layers.*.activation", "relu"}, {"variant", "[]"}};
  for (const thimble::RecipeOptions& options : {thimble::RecipeOptions(), changed}) {
    const auto recipe = thimble::parse_recipe(text, options);
    if (!recipe) {
      if (recipe.error().message.empty()) std::abort();
      continue;
    }
    const auto again = thimble::parse_recipe(text, options);
    if (!again || again->variants.size() != recipe->variants.size() || again->name != recipe->name) std::abort();
  }
  (void)thimble::parse_augment(text);
  return 0;
}
