// What study and train share: a progress line with rate and remaining time, --set KEY=VALUE.
#pragma once

#include "app/command.h"
#include "study/study.h"

namespace thimble::app {

// Draws StudyProgress on stderr when it is a terminal; notes are printed above the line.
class ProgressLine {
 public:
  explicit ProgressLine(const Context& context);
  ~ProgressLine();
  void update(const StudyProgress& progress);
  void note(const std::string& text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What users of other tools type for keys of the recipe (--epochs 3) is answered with the key.
void declare_recipe_keys(Options& options);

// "train.epochs=4" → key and value. Errors: usage.
Result<std::vector<Setting>> parse_settings(const std::vector<std::string>& words);

}  // namespace thimble::app
