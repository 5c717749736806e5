#include "study/session_data.h"

#include "api/load_layers.h"
#include "base/file.h"
#include "data/classes.h"
#include "data/fingerprint.h"
#include "formats/tflite/tflite.h"
#include "study/evaluate.h"
#include "study/model_feeding.h"
#include "train/answer_scale.h"
#include "train/last_layer.h"
#include "train/new_head.h"

namespace thimble {

namespace {

// A model from a file says itself how it is fed; classes are those of the data.
Status feed_as_the_model_says(const Graph& graph, StudyData* data) {
  THIMBLE_ASSIGN(const ModelFeeding fed, feeding_of(graph, data->splits.train, {}));
  data->feeding.scale = fed.feeding.scale;
  data->feeding.mean = fed.feeding.mean;
  data->feeding.deviation = fed.feeding.deviation;
  data->feeding.floats = fed.feeding.floats;
  data->feeding.features = fed.feeding.features;
  if (!fed.stated.empty()) data->splits.notes.push_back(fed.stated);
  return {};
}

// Sets whose numbers are in units of their own; functions are near 1.
bool has_units(const std::string& set) { return set.starts_with("csv:") || set.starts_with("npz:"); }

}  // namespace

Result<StudyData> open_study_data(Recipe& recipe, const std::string& data_dir) {
  const DataSpec& spec = recipe.data;
  OpenOptions open;
  open.data_dir = data_dir;
  open.split = spec.split;
  open.inputs = spec.inputs;
  open.target = spec.target;
  open.categories = spec.categories;
  open.missing = spec.missing;
  open.decimal = spec.decimal;
  open.header = spec.header;
  open.skip_bad = spec.skip_bad;
  open.task = spec.task;
  if (const auto classes = implies_classes(recipe.model, recipe.train.loss); classes && !open.task)
    open.task = *classes ? Task::classification : Task::regression;
  open.seed = recipe.seed;
  open.features = spec.features;
  open.handwriting = spec.handwriting;
  if (recipe.model.graph) {  // as the imported model says, see below
    THIMBLE_ASSIGN(const std::optional<Feeding> own, own_feeding(*recipe.model.graph));
    if (spec.scale.empty()) open.handwriting = spec.handwriting || (own && own->handwriting);
    // Its columns are found by name; in the table's own order they would be taken for one another.
    if (own && own->table && spec.inputs.empty() && spec.set.starts_with("csv:"))
      open.table = std::make_shared<const TableLayout>(*own->table);
    if (own && open.features == SoundFeatures::none && spec.set.starts_with("folder:")) open.features = own->features;
  }
  if (recipe.model.input.size() == 3 || open.features != SoundFeatures::none) open.shape = recipe.model.input;
  StudyData data;
  THIMBLE_ASSIGN(data.splits, open_splits(spec.set, open));
  data.content = set_fingerprint(spec.set);
  std::vector<TrainedOn> trained_on;
  if (const Splits& parts = data.splits; parts.divided && !data.content.empty())
    trained_on.push_back({data.content, recipe.seed, parts.train.size(), parts.validation.size(), parts.test.size()});
  if (spec.limit > 0 && data.splits.train.size() > spec.limit) {
    // The other parts shrink with the training part, but stay large enough to say something.
    const double share = static_cast<double>(spec.limit) / static_cast<double>(data.splits.train.size());
    const auto shrunk = [&](const Dataset& set) {
      return set.empty() ? set
                         : set.limit(std::max<int64_t>(std::min<int64_t>(set.size(), 200),
                                                       static_cast<int64_t>(share * static_cast<double>(set.size()))));
    };
    data.splits.train = data.splits.train.limit(spec.limit);
    data.splits.validation = shrunk(data.splits.validation);
    data.splits.test = shrunk(data.splits.test);
  }
  if (data.splits.train.empty())
    return fail(ErrorCode::usage, format("the data set \"{}\" has no training part", spec.set),
                "digits and the like are test sets: name them in extra_test");
  THIMBLE_ASSIGN(data.feeding, measure_feeding(spec.scale, data.splits.train));
  data.feeding.labels = data.splits.train.samples().label_names;
  if (recipe.model.graph && spec.scale.empty()) THIMBLE_TRY(feed_as_the_model_says(*recipe.model.graph, &data));
  data.feeding.handwriting = open.handwriting;
  if (data.splits.train.target_width() > 0 && !data.feeding.table) data.feeding.task = Task::regression;
  data.feeding.trained_on = std::move(trained_on);
  for (const std::string& name : spec.extra_test) {
    OpenOptions extra = open;
    extra.split = {};
    extra.whole_as_test = true;
    extra.labels = data.feeding.labels;
    if (data.feeding.table) extra.table = std::make_shared<const TableLayout>(*data.feeding.table);
    auto splits = open_splits(name, extra);
    if (!splits) return with_context(std::move(splits).error(), format("data.extra_test \"{}\"", name));
    for (const std::string& note : splits->notes) data.splits.notes.push_back(format("{}: {}", name, note));
    if (Status good = match_classes({data.feeding.labels}, false, &*splits); !good)
      return with_context(std::move(good).error(), format("data.extra_test \"{}\"", name));
    data.extra.emplace_back(name, splits->test);
  }
  THIMBLE_TRY(scale_targets(recipe, data));
  return data;
}

Status scale_targets(Recipe& recipe, StudyData& data) {
  data.feeding.target_mean.clear();
  data.feeding.target_deviation.clear();
  if (recipe.model.graph) {  // a model that scales its answers goes on with its own scale
    Graph graph = *recipe.model.graph;
    THIMBLE_ASSIGN(const AnswerScale own, take_answer_scale(graph, &data.feeding));
    if (own.on()) {
      recipe.model.graph = std::make_shared<const Graph>(std::move(graph));
      return {};
    }
  }
  const Dataset& train = data.splits.train;
  const std::string& word = recipe.data.target_scale;
  if (train.target_width() == 0 || word == "none") return {};
  const LossChoice loss = recipe.train.loss;
  const bool linear = has_linear_answer(recipe.model);
  const bool any_number = linear && (loss == LossChoice::automatic || loss == LossChoice::mse ||
                                     loss == LossChoice::mae || loss == LossChoice::huber);
  if (word == "standard" && !any_number)
    return fail(ErrorCode::usage,
                linear ? format("data.target_scale = \"standard\" does not go with the loss {}", name(loss))
                       : std::string("data.target_scale = \"standard\" needs a last layer that gives any number"),
                linear ? "take mse, mae or huber" : "end the model with a dense layer without activation");
  if (!any_number || !(has_units(recipe.data.set) || word == "standard")) return {};
  THIMBLE_TRY(measure_targets(train, &data.feeding));
  if (recipe.model.graph) {
    Graph graph = *recipe.model.graph;
    THIMBLE_TRY(remove_answer_scale(graph, answer_scale(data.feeding)));
    recipe.model.graph = std::make_shared<const Graph>(std::move(graph));
  }
  return {};
}

Status scale_targets_of(const std::string& set, const Dataset& train, Feeding* feeding, Graph* graph) {
  const AnswerScale own = answer_scale(*graph);
  if (own.on()) {
    feeding->target_mean = own.mean;
    feeding->target_deviation = own.deviation;
    return {};
  }
  ModelSpec spec;
  spec.graph = std::make_shared<const Graph>(*graph);
  if (!has_units(set) || train.target_width() == 0 || !has_linear_answer(spec)) return {};
  THIMBLE_TRY(measure_targets(train, feeding));
  graph->metadata[kPreprocessKey] = feeding->to_json();
  return {};
}

Status load_imported_model(Recipe& recipe) {
  if (recipe.model.file.empty()) return {};
  const std::string path = join_path(recipe.directory, recipe.model.file);
  THIMBLE_ASSIGN(LoadedModel loaded, load_layers(path));
  Graph& graph = loaded.graph;
  if (Status whole = refuse_losses(graph); !whole) return with_context(std::move(whole).error(), path);
  if (recipe.model.input.empty() && !graph.inputs.empty()) {
    const auto dims = graph.at(graph.inputs[0]).shape.dims();
    THIMBLE_TRY(refuse_free_dims(graph.at(graph.inputs[0])));
    if (dims.size() > 1) recipe.model.input.assign(dims.begin() + 1, dims.end());
  }
  if (!recipe.model.new_head.empty()) {
    auto body = without_head(graph, recipe.model.cut);
    if (!body) return with_context(std::move(body).error(), path);
    graph = std::move(*body);
  }
  recipe.model.graph = std::make_shared<const Graph>(std::move(graph));
  return {};
}

}  // namespace thimble
