// The main job: a recipe becomes trained models, compressed variants, measurements and a report.
#pragma once

#include <functional>
#include <string>

#include "report/study_result.h"
#include "study/recipe.h"
#include "train/trainer.h"

namespace thimble {

class Ranks;

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
  bool force = false;        // write into a folder that holds another study, which then goes
  bool peak_memory = false;  // measured by this program run again as `bench FILE`: only for thimble itself
  std::string thimble_version = "0.1.0";
  std::string recipe_file;           // for the command lines in the report
  RecipeOptions recipe;              // preset and settings that made the recipe; sweeps add to them
  int workers = 1;                   // processes of this program that share the trainings
  std::vector<std::string> command;  // arguments that run this study in another process; for workers
  Ranks* ranks = nullptr;            // the job of mpirun that this process leads, if there is one (study/ranks.h)
  std::string plots;                 // folder for every plot of the report as an SVG file; empty: none
  std::string tensorboard;  // log directory for TensorBoard, one run per training; empty: train.tensorboard's, if any
  std::string item;         // do only this piece ("seed_2", "sweep_5") and leave it in OUT/items
};

// Runs everything and writes OUT/report.html, results.json, results.csv, results.md, curves.csv,
// models/NAME.tflite, checkpoints/ and items/ (study/item.h). With `resume` finished items are taken from there and
// an unfinished training goes on from its checkpoint. Errors carry the stage; what was trained stays.
Result<StudyResult> run_study(const Recipe& recipe, const StudyOptions& options, const StudyHooks& hooks);

}  // namespace thimble
