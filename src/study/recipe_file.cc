// Recipes as files: where they are found, and what is no recipe.
#include "base/file.h"
#include "data/find.h"
#include "formats/foreign_file.h"
#include "formats/model_file.h"
#include "formats/thim/thim.h"
#include "study/recipe.h"
#include "study/recipe_paths.h"
#include "study/toml_reader.h"

namespace thimble {
namespace {
// "studies/NAME.toml" where there is none stands for the recipe that came with the program, which lies beside its
// data sets.
std::string found_recipe(const std::string& file) {
  if (file_exists(file) || !file.starts_with("studies/")) return file;
  for (const std::string& folder : data_folders(""))
    if (const std::string beside = join_path(directory_of(folder), file); file_exists(beside)) return beside;
  return file;
}

// A file that cannot be a recipe is named instead of its first strange byte.
Status refuse_what_is_no_text(const std::string& file) {
  if (const auto folder = foreign_folder(file))
    return fail(ErrorCode::usage, format("'{}' is {}, not a recipe", file, folder->what), folder->remedy);
  THIMBLE_ASSIGN(const MappedFile mapped, MappedFile::open(file));
  const std::span<const uint8_t> bytes = mapped.bytes();
  if (is_tflite(bytes) || is_thim(bytes))
    return fail(ErrorCode::usage, format("'{}' is a model, not a recipe", file),
                "a recipe that goes on from it has [model] file = \"MODEL\"; to look inside: thimble inspect MODEL");
  if (const auto other = foreign_file(bytes, file); other && other->what != "a recipe" && other->what != "text")
    return fail(ErrorCode::usage, format("'{}' is {}, not a recipe", file, other->what),
                "a recipe is a text file (TOML): docs/recipe.md, studies/*.toml");
  return {};
}

// "folder:photos", "csv:rows.csv": a path that leads nowhere from the current folder is tried from the recipe's own,
// and from the one above it.
std::string found_set(const std::string& set, const std::string& directory) {
  const size_t colon = set.find(':');
  const std::string kind = set.substr(0, colon);
  if (colon == std::string::npos || (kind != "folder" && kind != "csv" && kind != "npz" && kind != "npy")) return set;
  const auto there = [](const std::string& path) { return file_exists(path) || directory_exists(path); };
  const std::string path = set.substr(colon + 1);
  if (path.empty() || path[0] == '/' || path[0] == '~' || there(path)) return set;
  for (const std::string& from : {directory, join_path(directory, "..")})
    if (const std::string found = join_path(from, path); there(found)) return kind + ":" + found;
  return set;
}
}  // namespace

void locate_data(Recipe* recipe) {
  recipe->data.set = found_set(recipe->data.set, recipe->directory);
  for (std::string& set : recipe->data.extra_test) set = found_set(set, recipe->directory);
}

Result<std::vector<Word>> recipe_presets(const std::string& name) {
  const std::string file = found_recipe(name);
  THIMBLE_TRY(refuse_what_is_no_text(file));
  THIMBLE_ASSIGN(const std::string text, read_text_file(file, 1 << 20));
  const auto parsed = parse_toml(text, file);
  if (!parsed) return tl::unexpected<Error>(parsed.error());
  std::vector<Word> presets;
  if (const toml::table* all = (*parsed)["preset"].as_table())
    for (const auto& [preset, value] : *all) {
      std::string about;
      if (const toml::table* keys = value.as_table())
        for (const auto& [key, setting] : *keys)
          about += format("{}{} = {}", about.empty() ? "" : ", ", std::string(key.str()), value_text(setting));
      presets.push_back({std::string(preset.str()), about});
    }
  return presets;
}

Result<Recipe> read_recipe(const std::string& name, const RecipeOptions& options) {
  const std::string file = found_recipe(name);
  THIMBLE_TRY(refuse_what_is_no_text(file));
  THIMBLE_ASSIGN(const std::string text, read_text_file(file, 1 << 20));
  THIMBLE_ASSIGN(Recipe recipe, parse_recipe(text, options, file));
  recipe.directory = directory_of(file);
  locate_data(&recipe);
  return recipe;
}

}  // namespace thimble
