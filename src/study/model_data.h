// Opens data for a model that exists: the one way for every command that is given a model and a set.
#pragma once

#include "data/sources.h"
#include "study/model_feeding.h"

namespace thimble {

struct DataRequest {
  enum class Use { score, learn, calibrate };
  std::string set;
  Use use = Use::score;
  FeedingOverrides feeding;
  std::string target;               // csv: column; empty: the model's own, else the last
  std::vector<std::string> inputs;  // csv: columns; empty: the model's own, else all but the target
  std::string data_dir;
  uint64_t seed = 1;  // of a division that the model does not know
};

struct ModelData {
  Splits splits;
  ModelFeeding fed;
  bool trained_on = false;         // the model says that it was trained on this set: divided as it was then
  std::vector<std::string> notes;  // one line each, for stderr
};

// Pictures are brought to the input's shape, classes to the model's by name (classes.h). A set that the model was
// trained on is divided as it was for training. Of others, `score` takes what the set itself calls its test part, or
// all of it; `learn` divides; `calibrate` needs no labels and takes all there is.
// Errors: those of open_splits and feeding_of; usage (samples or classes that do not fit the model), unsupported (free
// sizes).
Result<ModelData> open_model_data(const Graph& graph, const DataRequest& request);

// For a set that was opened to learn from: the model that is written will say that it learned from it.
void remember_training(const DataRequest& request, ModelData* data);

// The samples to calibrate with: the training part, else the test part.
const Dataset& calibration_part(const Splits& splits);

// "the model is no better than always saying …": a line where a float model's answers on samples are not better than a
// constant (the commonest class, the mean of the targets), which mostly means that it is fed wrongly; else empty.
// At most `limit` samples are run. Errors: those of evaluate_model.
Result<std::string> constant_warning(const Graph& graph, const Dataset& samples, const Feeding& feeding, int threads,
                                     int64_t limit = 1000);

}  // namespace thimble
