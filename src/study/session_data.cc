#include "study/session_data.h"

#include "api/load.h"
#include "base/file.h"

namespace thimble {

Result<StudyData> open_study_data(const DataSpec& spec, const std::vector<int64_t>& shape, const std::string& data_dir,
                                  uint64_t seed) {
  OpenOptions open;
  open.data_dir = data_dir;
  open.split = spec.split;
  open.inputs = spec.inputs;
  open.target = spec.target;
  open.seed = seed;
  if (shape.size() == 3) open.shape = shape;
  StudyData data;
  THIMBLE_ASSIGN(data.splits, open_splits(spec.set, open));
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
  for (const std::string& name : spec.extra_test) {
    OpenOptions extra = open;
    extra.split = {};
    extra.whole_as_test = true;
    extra.labels = data.feeding.labels;
    auto splits = open_splits(name, extra);
    if (!splits) return with_context(std::move(splits).error(), format("data.extra_test \"{}\"", name));
    data.extra.emplace_back(name, splits->test);
  }
  return data;
}

Status load_imported_model(Recipe& recipe) {
  if (recipe.model.file.empty()) return {};
  const std::string path = join_path(recipe.directory, recipe.model.file);
  THIMBLE_ASSIGN(LoadedModel loaded, load_model(path));
  Graph& graph = loaded.graph;
  if (recipe.model.input.empty() && !graph.inputs.empty()) {
    const auto dims = graph.at(graph.inputs[0]).shape.dims();
    if (dims.size() > 1) recipe.model.input.assign(dims.begin() + 1, dims.end());
  }
  recipe.model.graph = std::make_shared<const Graph>(std::move(graph));
  return {};
}

}  // namespace thimble
