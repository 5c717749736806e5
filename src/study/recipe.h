// A study as text (TOML), decoded and checked. Unknown keys are errors with line, column and a
// did-you-mean. Presets, --set and sweeps all change the same tree by path before it is decoded.
#pragma once

#include "data/augment.h"
#include "data/sources.h"
#include "study/variant_spec.h"
#include "train/spec.h"

namespace thimble {

struct DataSpec {
  std::string set;
  SplitRequest split;
  std::string scale;  // empty: "standard" for tables and float sounds, else "0..1"
  Augment augment;
  std::vector<std::string> extra_test;
  // Tables and arrays, as in OpenOptions.
  std::vector<std::string> inputs, categories;
  std::string target, missing, decimal;
  std::optional<bool> header;
  std::optional<Task> task;
  std::string target_scale;                      // "standard", "none"; "": standard for csv and npz
  SoundFeatures features = SoundFeatures::none;  // folders: how sounds become inputs
  bool handwriting = false;                      // folders: pictures are brought to MNIST's convention
  bool skip_bad = false;                         // folders
  int64_t limit = 0;  // at most so many training samples (the rest of the split in proportion); 0 = all
};

struct MeasureSpec {
  int trials = 10;
  std::vector<int> threads = {1};
  double allow_drop = -1;           // of the file to ship: points of accuracy, percent of the RMSE; negative: not given
  bool parameters_plus_kb = false;  // a column of the report's tables
  std::vector<std::string> boards;  // names, "all", files: what variants take there as C
  double continuous = 0;            // seconds of runs without a pause, for CPU share and memory; 0: a few runs
  std::vector<std::string> devices;  // further machines: "ssh:pi@board" (device/word.h)
};

// One changed key, as TOML text of its value.
struct Setting {
  std::string key, value;
};

struct SweepAxis {
  std::string key;
  std::vector<std::string> values;  // TOML text
  std::vector<std::string> labels;  // short text for tables
};

struct Recipe {
  std::string name = "study", title;
  uint64_t seed = 1;
  int repeats = 1;
  DataSpec data;
  ModelSpec model;
  TrainSpec train;
  std::vector<VariantSpec> variants;
  MeasureSpec measure;
  std::vector<SweepAxis> sweep;
  std::vector<std::string> sweep_variants;  // made at each point of the sweep; empty: all
  bool grid = false;                        // sweep every combination instead of one axis at a time
  std::string text;                         // the file as it was read
  std::string directory;                    // of the file: model.file is relative to it
};

struct RecipeOptions {
  std::string preset;
  std::vector<Setting> settings;  // --set, applied after the preset; a value that is not TOML is a string
};

// What stands between the braces of data.augment: "shift = 2, flip = true". Errors: usage.
Result<Augment> parse_augment(const std::string& text);

// studies/NAME.toml stands for a recipe that came with the program where there is no such file here.
// Errors: bad_file (no such file), usage (syntax, unknown key, wrong type or range: line and column).
Result<Recipe> read_recipe(const std::string& name, const RecipeOptions& options);
Result<Recipe> parse_recipe(const std::string& text, const RecipeOptions& options, const std::string& name = "recipe");

// The presets of a recipe, with what each sets. Errors: as read_recipe, for the file and its syntax.
Result<std::vector<Word>> recipe_presets(const std::string& name);

// Files and folders of data.set and data.extra_test that are not found from the current folder are looked for in the
// recipe's own folder and in the one above it. read_recipe does it.
void locate_data(Recipe* recipe);

}  // namespace thimble
