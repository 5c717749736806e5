#include "study/model_data.h"

#include <algorithm>

#include "data/classes.h"
#include "data/files.h"
#include "data/fingerprint.h"
#include "data/npy.h"
#include "data/split.h"
#include "measure/units.h"
#include "study/evaluate.h"

namespace thimble {
namespace {

using Use = DataRequest::Use;

// What the model's answers are, where that is known: it says so, or gives one number that is no probability.
std::optional<Task> task_of(const Graph& graph, const std::optional<Feeding>& own) {
  if (own && own->task) return own->task;
  if (own && own->table) return own->table->task;
  if (own && !own->labels.empty()) return std::nullopt;  // classes, which the set has to show
  if (graph.outputs.empty() || output_kind(graph, true) != OutputKind::scores) return std::nullopt;
  const bool numbers = graph.metadata.contains(kPreprocessKey) || graph.at(graph.outputs[0]).shape.elements() == 1;
  return numbers ? std::optional(Task::regression) : std::nullopt;
}

Result<ModelData> opened(const Graph& graph, const DataRequest& request, bool unlabelled) {
  ModelData data;
  THIMBLE_ASSIGN(const std::optional<Feeding> own, own_feeding(graph));
  const Tensor& input = graph.at(graph.inputs[0]);
  THIMBLE_TRY(refuse_free_dims(input));
  OpenOptions open;
  open.data_dir = request.data_dir;
  open.seed = request.seed;
  open.inputs = request.inputs;
  open.target = request.target;
  open.unlabelled = unlabelled;
  open.whole_as_test = request.use != Use::learn;
  open.handwriting = request.feeding.handwriting.value_or(own && own->handwriting);
  const bool folder = request.set.starts_with("folder:");
  if (request.feeding.features != SoundFeatures::none && !folder)
    return fail(ErrorCode::usage, format("--features goes with folders of sounds, \"{}\" is none", request.set),
                "leave --features out");
  if (folder) open.features = features_of(request.feeding, own);
  if (request.set.starts_with("csv:"))
    open.shape = {input.shape.elements()};
  else if (open.features != SoundFeatures::none)
    open.shape = sample_dims(input);
  else if (const auto shape = picture_shape(input))
    open.shape = *shape;
  if (!unlabelled) open.task = task_of(graph, own);
  if (own && own->table && request.inputs.empty()) open.table = std::make_shared<const TableLayout>(*own->table);
  if (own && !own->trained_on.empty())
    if (const std::string print = set_fingerprint(request.set); !print.empty()) {
      const auto known = std::ranges::find(own->trained_on, print, &TrainedOn::set);
      if (known != own->trained_on.end()) {
        data.trained_on = open.skip_bad = true;  // training passed over bad pictures, or there were none
        open.seed = known->seed;
        open.split = {known->train, known->validation, known->test};
      }
    }
  THIMBLE_ASSIGN(data.splits, open_splits(request.set, open));
  data.notes = data.splits.notes;
  if (request.use == Use::calibrate)  // how parts compare matters to who learns or scores
    for (const std::string& note : split_notes(data.splits)) std::erase(data.notes, note);
  if (unlabelled) {
    drop_labels(&data.splits);
  } else {
    ModelClasses classes{request.feeding.labels};
    if (classes.names.empty() && own) classes.names = own->labels;
    classes.outputs = graph.outputs.empty() ? 0 : graph.at(graph.outputs[0]).shape.elements();
    const bool numbers = request.set.starts_with("npz:") || request.set.starts_with("csv:");
    THIMBLE_TRY(match_classes(classes, numbers, &data.splits));
  }
  const Dataset& some = calibration_part(data.splits);
  if (!some.valid() || some.empty())
    return fail(ErrorCode::usage, format("the data set \"{}\" has no samples", request.set));
  THIMBLE_TRY(check_fits(graph, some));
  THIMBLE_ASSIGN(data.fed, feeding_of(graph, some, request.feeding));
  if (!data.fed.stated.empty()) data.notes.push_back(data.fed.stated);
  return data;
}

}  // namespace

Result<ModelData> open_model_data(const Graph& graph, const DataRequest& request) {
  if (graph.inputs.empty()) return fail(ErrorCode::usage, "the model has no input");
  if (const auto names = std::ssize(request.feeding.labels); names > 0 && !graph.outputs.empty()) {
    const int64_t outputs = graph.at(graph.outputs[0]).shape.elements();
    if (names != outputs && !(outputs == 1 && names == 2))
      return fail(ErrorCode::usage, format("the labels name {} outputs, the model has {}", names, outputs),
                  "give as many names as the model has outputs, one a line, in their order");
  }
  if (request.use != Use::calibrate) return opened(graph, request, false);
  // With labels, which say whether the model is fed well, where there are some that fit; else without.
  if (auto labelled = opened(graph, request, false)) return labelled;
  return opened(graph, request, true);
}

void remember_training(const DataRequest& request, ModelData* data) {
  const Splits& parts = data->splits;
  if (data->trained_on || !parts.divided) return;
  std::string print = set_fingerprint(request.set);
  if (print.empty()) return;
  data->fed.feeding.trained_on.push_back(
      {std::move(print), request.seed, parts.train.size(), parts.validation.size(), parts.test.size()});
  data->fed.to_keep = true;
}

const Dataset& calibration_part(const Splits& splits) {
  return splits.train.valid() && !splits.train.empty() ? splits.train : splits.test;
}

Result<std::string> constant_warning(const Graph& graph, const Dataset& samples, const Feeding& feeding, int threads,
                                     int64_t limit) {
  const Dataset some = samples.limit(limit);
  if (!some.valid() || some.size() < 20 || (some.classes() == 0 && some.target_width() == 0)) return std::string();
  THIMBLE_ASSIGN(const EvaluationResult e, evaluate_model(graph, some, feeding, {.threads = threads}));
  return constant_warning(e, some);
}

}  // namespace thimble
