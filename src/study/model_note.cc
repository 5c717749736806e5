#include "study/model_note.h"

#include <algorithm>

#include "base/zip.h"
#include "formats/tflite/model_metadata.h"
#include "measure/text.h"
#include "study/evaluate.h"
#include "study/model_feeding.h"

namespace thimble {
namespace {

constexpr const char* kLabelsFile = "labels.txt";
constexpr size_t kMostColumns = 200;  // characters of a table's columns

// Whether samples are bytes that fill the input as pictures do.
bool takes_pictures(const Feeding& feeding, const Tensor& input, std::vector<int64_t>* shape) {
  if (feeding.table || feeding.floats || feeding.features != SoundFeatures::none) return false;
  auto picture = picture_shape(input);
  if (!picture) return false;
  *shape = std::move(*picture);
  return true;
}

TfliteTensorNote input_note(const Feeding& feeding, const Tensor& input) {
  TfliteTensorNote note;
  std::vector<int64_t> picture;
  if (takes_pictures(feeding, input, &picture)) {
    note.name = "image";
    note.description = format("{} picture of {} x {} pixels, 0 to 255 before normalization.",
                              picture[2] == 3 ? "RGB" : "Grayscale", picture[1], picture[0]);
    if (feeding.handwriting)
      note.description += " A drawing of a digit is brought to MNIST's form first: white on black, centred.";
    note.content = picture[2] == 3 ? TfliteTensorNote::Content::rgb : TfliteTensorNote::Content::gray;
    note.height = static_cast<uint32_t>(picture[0]);
    note.width = static_cast<uint32_t>(picture[1]);
  } else if (feeding.table) {
    std::string columns;
    for (const std::string& column : feeding.table->input_names()) columns += (columns.empty() ? "" : ", ") + column;
    note.name = "features";
    note.description = format("Columns of a table: {}.", clip_text(columns, kMostColumns));
  } else if (feeding.features != SoundFeatures::none) {
    note.name = "features";
    note.description = format("{} numbers from a sound of 16,000 samples a second, by the front end {}.",
                              input.shape.elements(), name(feeding.features));
  } else {
    note.name = "features";
    note.description = format("{} numbers.", input.shape.elements());
  }
  const auto pairs = static_cast<int64_t>(feeding.mean.size());
  const bool as_it_is = feeding.mean == std::vector{0.0f} && feeding.deviation == std::vector{1.0f};
  const bool said_by_channel = pairs == 1 || (input.shape.rank() > 0 && pairs == input.shape.dim(-1));
  if (said_by_channel && !(as_it_is && picture.empty())) {
    note.mean = feeding.mean;
    note.deviation = feeding.deviation;
  }
  return note;
}

// The file of labels, a name a line; empty where reading it would not give the same names.
std::string labels_text(const Feeding& feeding, const Tensor& output) {
  if (static_cast<int64_t>(feeding.labels.size()) != output.shape.elements()) return "";
  std::string text;
  for (const std::string& label : feeding.labels) {
    if (label.empty() || label.find_first_of("\r\n") != std::string::npos || label.starts_with("\xef\xbb\xbf"))
      return "";
    text += label + "\n";
  }
  return text;
}

TfliteTensorNote output_note(const Feeding& feeding, const Graph& graph) {
  TfliteTensorNote note;
  const int64_t values = graph.at(graph.outputs[0]).shape.elements();
  const OutputKind kind = output_kind(graph, true);
  std::optional<Task> task = feeding.task;
  if (!task && feeding.table) task = feeding.table->task;
  if (!task && (!feeding.labels.empty() || kind != OutputKind::scores)) task = Task::classification;
  if (!task) {  // scores of classes without names, or numbers
    note.name = "output";
    return note;
  }
  if (*task == Task::regression) {
    const std::string target = feeding.table ? feeding.table->target : "";
    note.name = target.empty() ? "value" : target;
    note.description = values == 1 ? "A number, in its own unit." : "Numbers, in their own units.";
    return note;
  }
  const bool probability = kind == OutputKind::probabilities;
  note.name = probability ? "probability" : "score";
  if (values == 1 && feeding.labels.size() == 2)
    note.description =
        format("The {} of \"{}\"; otherwise it is \"{}\".", note.name, feeding.labels[1], feeding.labels[0]);
  else
    note.description = probability                             ? "The probability of each class."
                       : kind == OutputKind::log_probabilities ? "The logarithm of each class's probability."
                                                               : "A score for each class: the highest wins.";
  return note;
}

}  // namespace

void describe_for_others(Graph* graph) {
  drop_derived_metadata(*graph);
  if (graph->metadata.contains(kTfliteMetadataKey) || graph->attached) return;
  const auto said = graph->metadata.find(kPreprocessKey);
  if (said == graph->metadata.end() || graph->inputs.size() != 1 || graph->outputs.empty()) return;
  const auto feeding = Feeding::from_json(said->second);
  if (!feeding) return;  // whoever feeds the model will be told
  TfliteNote note;
  note.name = graph->name;
  note.inputs.push_back(input_note(*feeding, graph->at(graph->inputs[0])));
  note.outputs.push_back(output_note(*feeding, *graph));
  for (size_t i = 1; i < graph->outputs.size(); ++i) {
    const std::string& name = graph->at(graph->outputs[i]).name;
    note.outputs.push_back({.name = name, .description = format("Output {}.", i)});
  }
  if (const std::string labels = labels_text(*feeding, graph->at(graph->outputs[0])); !labels.empty())
    if (const auto archive = zip_archive({{kLabelsFile, {labels.begin(), labels.end()}}})) {
      note.outputs[0].labels_file = kLabelsFile;
      graph->attached = Data::copy(*archive);
    }
  graph->metadata[kTfliteMetadataKey] = write_tflite_metadata(note);
}

}  // namespace thimble
