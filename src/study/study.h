// The main job: a recipe becomes trained models, compressed variants, measurements and a report.
#pragma once

#include <functional>
#include <string>

#include "measure/study_result.h"
#include "study/recipe.h"
#include "train/trainer.h"

namespace thimble {

// Where a long piece of work stands, for the terminal.
struct StudyProgress {
  std::string stage;  // "training seed 1", "measuring, 1 thread"
  int64_t done = 0, total = 0;
  std::string unit;    // "images", "runs"
  std::string detail;  // "epoch 3/100  loss 0.31  accuracy 0.89"
};

struct StudyHooks {
  std::function<void(const StudyProgress&)> progress;
  std::function<void(const std::string&)> note;  // one finished step, a sentence
  std::function<bool()> cancelled;               // Ctrl-C
};

struct StudyOptions {
  std::string out;  // folder for report, results, models, checkpoints
  std::string data_dir;
  int threads = 1;  // of training and evaluation
  bool resume = false;
  bool peak_memory = true;  // measured by this program run again as `bench FILE`: only where it is thimble
  std::string thimble_version = "0.1.0";
  std::string recipe_file;  // for the command lines in the report
  RecipeOptions recipe;     // preset and settings that made the recipe; sweeps add to them
};

// Runs everything and writes OUT/report.html, results.json, results.csv, results.md,
// models/NAME.tflite and checkpoints/. A finished training is not repeated with `resume`.
// Errors carry the stage; what was trained stays in the checkpoints.
Result<StudyResult> run_study(const Recipe& recipe, const StudyOptions& options, const StudyHooks& hooks);

}  // namespace thimble
