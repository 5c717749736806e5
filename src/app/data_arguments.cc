#include "app/data_arguments.h"

namespace thimble::app {

void declare_feeding(Options& options, DataArguments* a) {
  options.text("--scale", &a->scale, "WORD", "0..1, -1..1, standard or none (default: as the model says)");
  options.text("--features", &a->features, "WORD",
               "folder of sounds: mfcc_tiny, lfbe_tiny or micro_speech (default: as the model says)");
  options.flag("--handwriting", &a->handwriting, "folder: bring pictures of digits to MNIST's convention first");
  options.text("--labels", &a->labels, "FILE",
               "names of the model's outputs, one a line; the set's classes are found by name (default: the model's)");
  options.text("--target", &a->target, "COLUMN", "csv: the column to predict (default: the last)");
  options.text("--inputs", &a->inputs, "A,B", "csv: the columns that are inputs (default: all others)");
}

Result<FeedingOverrides> feeding_overrides(const DataArguments& a) {
  FeedingOverrides overrides;
  overrides.scale = a.scale;
  if (!a.features.empty()) {
    auto features = parse_sound_features(a.features);
    if (!features) return with_context(std::move(features).error(), "--features");
    overrides.features = *features;
  }
  if (a.handwriting) overrides.handwriting = true;
  if (!a.labels.empty()) {
    auto labels = read_labels(a.labels);
    if (!labels) return with_context(std::move(labels).error(), "--labels");
    overrides.labels = std::move(*labels);
  }
  return overrides;
}

Result<DataRequest> data_request(const DataArguments& a, DataRequest::Use use, const Context& context) {
  DataRequest request;
  request.set = a.data;
  request.use = use;
  THIMBLE_ASSIGN(request.feeding, feeding_overrides(a));
  request.target = a.target;
  request.inputs = split_names(a.inputs);
  request.data_dir = context.data_dir;
  return request;
}

Result<ModelData> open_data(const Graph& graph, const DataRequest& request, const Context& context) {
  THIMBLE_ASSIGN(ModelData data, open_model_data(graph, request));
  for (const std::string& note : data.notes) context.note(note);
  return data;
}

std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  for (size_t start = 0; start <= list.size();) {
    const size_t comma = std::min(list.find(',', start), list.size());
    if (comma > start) names.emplace_back(list.substr(start, comma - start));
    start = comma + 1;
  }
  return names;
}

}  // namespace thimble::app
