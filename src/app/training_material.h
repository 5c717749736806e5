// What the commands that train a model further share: its data, how it learns, and what it is worth before and after.
#pragma once

#include <cmath>

#include "app/data_arguments.h"
#include "base/json.h"
#include "compress/retrain.h"
#include "measure/table.h"
#include "study/options/fields.h"

namespace thimble::app {

struct RetrainArguments : DataArguments {
  std::string technique;  // whose usual_rate() is the default
  std::string model, output, augment, teacher, optimizer = "adam";
  int64_t epochs = 4, batch = 32, limit = 0, seed = 1;
  double learning_rate = 0;
  bool resume = false, force = false;
  Form form;
};

// Declares how the training goes: --epochs to --resume, each where a command has it.
struct TrainingFlags {
  int64_t least_epochs = 1;  // −1: the command decides by itself
  bool teacher = true;       // commands that have a section of their own about it have no flag here
};
void declare_training(Options& options, RetrainArguments* a, const TrainingFlags& flags = {});
// What a.teacher adds to a training of `student`; nothing where there is none. Errors: those of load_model.
Result<Techniques> taught(const RetrainArguments& a, const Graph& student, const Context& context);
// A warning where both models say how they are fed, and not alike: the teacher then sees the student's inputs.
void note_teachers_feeding(const Graph& teacher, const std::string& name, const Graph& student, const Context& context);

// Errors: unsupported for a model with quantised tensors.
Status refuse_quantised(const Graph& graph);

struct Material {
  Retraining how;
  Dataset test;
};

// Choices are made on the set's own validation part, or on the last tenth of the training part (at most 5,000 samples);
// the test part is only looked at for the table.
// How the model is fed and what it was trained on is written into the graph, and a line says where the model is no
// better than a constant as it is fed. Without --data only threads and Ctrl-C are filled in. Errors: usage (a set that
// does not fit), unsupported (a file of which a part would be lost).
Result<Material> material_of(const RetrainArguments& a, Graph& graph, const Context& context);

// On the test part; NaN where there is none; accuracy of classes, rmse of numbers.
struct TestScore {
  double accuracy = NAN, loss = NAN, rmse = NAN;
};
// "test accuracy", else "test RMSE" in the targets' own units, else "test loss", as the last row of a table.
void add_test_row(TextTable& table, const TestScore& before, const TestScore& after);
Result<TestScore> test_score(const Graph& graph, const Material& m, const Context& context);

// "epochs":[{"epoch":…,"loss":…,"val_loss":…,"val_accuracy":…}…] as the next field.
void write_epochs(JsonWriter& json, const std::vector<EpochRecord>& epochs);

}  // namespace thimble::app
