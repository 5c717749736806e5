#include "formats/tflite/model_metadata.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "formats/tflite/rule.h"
#include "formats/tflite/walk.h"

namespace thimble {
namespace {

using tflite::Damage;
using tflite::Field;
using tflite::Kind;
using tflite::Layout;
using tflite::Table;
using tflite::Tables;
using tflite::TableWriter;
using tflite::write_table;
using AnyTable = flatbuffers::Offset<flatbuffers::Table>;

// Field ids of the schema's tables.
enum Model { kModelName, kModelDescription, kModelVersion, kModelSubgraphs, kModelFiles = 6, kModelParser };
enum Subgraph { kSubgraphInputs = 2, kSubgraphOutputs, kSubgraphFiles };
enum TensorField { kTensorName, kTensorDescription, kTensorContent = 3, kTensorUnits, kTensorFiles = 6 };
enum BoxField { kBoxIndex, kBoxType, kBoxCoordinates };
enum Content { kContentType, kContentProperties };
enum Image { kImageColours, kImageSize };
enum ImageSize { kImageWidth, kImageHeight };
enum Unit { kUnitType, kUnitOptions };
enum Normalization { kMean, kStd };
enum File { kFileName, kFileDescription, kFileType };
constexpr int kNormalizationOptions = 1, kScoreThresholding = 3, kAxisLabels = 2, kValueLabels = 3;
constexpr int kScoreThreshold = 0;
constexpr uint8_t kFeatureProperties = 1, kImageProperties = 2, kBoxProperties = 3;
constexpr int8_t kCorners = 1, kUpperLeft = 2, kCentre = 3, kPixels = 1;
constexpr int8_t kRgb = 1, kGray = 2;
constexpr size_t kMost = 1000, kMostBytes = size_t{1} << 30;
constexpr std::string_view kDerived = "Written by Thimble.";

constexpr Field kFileFields[] = {{kFileName, Kind::text}, {kFileType, Kind::i8}};
constexpr Layout kFile{kFileFields};
constexpr Field kUnitFields[] = {{kUnitType, Kind::options}};
constexpr Layout kUnit{kUnitFields};
constexpr Field kContentFields[] = {{kContentType, Kind::options}};
constexpr Layout kContent{kContentFields};
constexpr Field kTensorFields[] = {{kTensorName, Kind::text},
                                   {kTensorContent, Kind::table, &kContent},
                                   {kTensorUnits, Kind::tables, &kUnit},
                                   {kTensorFiles, Kind::tables, &kFile}};
constexpr Layout kTensor{kTensorFields};
constexpr Field kSubgraphFields[] = {{kSubgraphInputs, Kind::tables, &kTensor},
                                     {kSubgraphOutputs, Kind::tables, &kTensor},
                                     {kSubgraphFiles, Kind::tables, &kFile}};
constexpr Layout kSubgraph{kSubgraphFields};
constexpr Field kModelFields[] = {
    {kModelDescription, Kind::text}, {kModelSubgraphs, Kind::tables, &kSubgraph}, {kModelFiles, Kind::tables, &kFile}};
constexpr Layout kModel{kModelFields};

tl::unexpected<Error> damaged(const std::string& what) {
  return fail(ErrorCode::bad_file, format("metadata {}: {}", kTfliteMetadataKey, what));
}

void add_files(const Tables& files, bool labels, TfliteMetadata* out) {
  for (size_t i = 0; i < std::min(files.size(), kMost); ++i) {
    const Table file = files[i];
    const std::string name(file.string(kFileName));
    if (labels && out->labels_file.empty() && file.scalar<int8_t>(kFileType, 0) == kAxisLabels)
      out->labels_file = name;
    else
      out->other_files.push_back(name);
  }
}

Status add_normalization(const Tables& units, TfliteMetadata* out) {
  for (size_t i = 0; i < std::min(units.size(), kMost); ++i) {
    const Table unit = units[i];
    if (unit.scalar<uint8_t>(kUnitType, 0) != kNormalizationOptions) continue;
    const Table options = unit.table(kUnitOptions);
    const auto mean = options.scalars<float>(kMean), deviation = options.scalars<float>(kStd);
    if (mean.size() != deviation.size() || mean.empty())
      return damaged(format("NormalizationOptions has {} means and {} deviations", mean.size(), deviation.size()));
    for (size_t c = 0; c < mean.size(); ++c)
      if (!std::isfinite(mean[c]) || !std::isfinite(deviation[c]) || deviation[c] == 0)
        return damaged(format("NormalizationOptions has mean {} and deviation {}", mean[c], deviation[c]));
    out->mean.assign(mean.begin(), mean.end());
    out->deviation.assign(deviation.begin(), deviation.end());
    return {};
  }
  return {};
}

// The four numbers of a box: their form, order and unit; none where the order is no order.
void add_box(const Table& box, TfliteOutput* out) {
  const auto order = box.scalars<uint32_t>(kBoxIndex);
  bool seen[4] = {}, good = order.empty() || order.size() == 4;
  for (size_t i = 0; good && i < order.size(); ++i) good = order[i] < 4 && !std::exchange(seen[order[i]], true);
  if (!good) return;
  const int8_t type = box.scalar<int8_t>(kBoxType, 0);
  out->box = type == kCorners     ? TfliteOutput::Box::corners
             : type == kUpperLeft ? TfliteOutput::Box::upper_left
             : type == kCentre    ? TfliteOutput::Box::centre
                                  : TfliteOutput::Box::none;
  out->box_pixels = box.scalar<int8_t>(kBoxCoordinates, 0) == kPixels;
  out->box_order.assign(order.begin(), order.end());
}

void add_output(const Table& tensor, TfliteMetadata* out) {
  TfliteOutput& output = out->outputs.emplace_back();
  output.name = tensor.string(kTensorName);
  const Table content = tensor.table(kTensorContent);
  const auto kind = content.scalar<uint8_t>(kContentType, 0);
  output.picture = kind == kImageProperties;
  if (kind == kBoxProperties) add_box(content.table(kContentProperties), &output);
  const Tables units = tensor.tables(kTensorUnits), files = tensor.tables(kTensorFiles);
  for (size_t i = 0; i < std::min(units.size(), kMost); ++i)
    if (units[i].scalar<uint8_t>(kUnitType, 0) == kScoreThresholding) {
      const float threshold = units[i].table(kUnitOptions).scalar<float>(kScoreThreshold, 0);
      if (std::isfinite(threshold)) output.score_threshold = threshold;
    }
  for (size_t i = 0; i < std::min(files.size(), kMost); ++i) {
    const int8_t type = files[i].scalar<int8_t>(kFileType, 0);
    std::string& labels = type == kAxisLabels ? output.axis_labels : output.value_labels;
    if ((type == kAxisLabels || type == kValueLabels) && labels.empty()) labels = files[i].string(kFileName);
  }
}

class NoteWriter {
 public:
  std::string run(const TfliteNote& note) {
    const auto inputs = tensors(note.inputs), outputs = tensors(note.outputs);
    const AnyTable subgraph = write_table(builder_, [&](TableWriter& t) {
      t.offset(kSubgraphInputs, inputs);
      t.offset(kSubgraphOutputs, outputs);
    });
    const auto subgraphs = builder_.CreateVector(std::vector<AnyTable>{subgraph});
    const auto name = builder_.CreateString(note.name);
    const auto description =
        builder_.CreateString(format("{}{}{}", note.description, note.description.empty() ? "" : " ", kDerived));
    const auto version = builder_.CreateString("1.0"), parser = builder_.CreateString("1.0.0");
    builder_.Finish(write_table(builder_,
                                [&](TableWriter& t) {
                                  t.offset(kModelName, name);
                                  t.offset(kModelDescription, description);
                                  t.offset(kModelVersion, version);
                                  t.offset(kModelSubgraphs, subgraphs);
                                  t.offset(kModelParser, parser);
                                }),
                    "M001");
    return {reinterpret_cast<const char*>(builder_.GetBufferPointer()), builder_.GetSize()};
  }

 private:
  using List = flatbuffers::Offset<flatbuffers::Vector<AnyTable>>;

  List tensors(const std::vector<TfliteTensorNote>& notes) {
    std::vector<AnyTable> all;
    for (const TfliteTensorNote& note : notes) all.push_back(tensor(note));
    return builder_.CreateVector(all);
  }

  AnyTable tensor(const TfliteTensorNote& note) {
    const auto name = builder_.CreateString(note.name), description = builder_.CreateString(note.description);
    const AnyTable content = content_of(note);
    List units, files;
    if (!note.mean.empty()) units = builder_.CreateVector(std::vector<AnyTable>{normalization(note)});
    if (!note.labels_file.empty()) files = builder_.CreateVector(std::vector<AnyTable>{labels(note.labels_file)});
    return write_table(builder_, [&](TableWriter& t) {
      t.offset(kTensorName, name);
      t.offset(kTensorDescription, description);
      t.offset(kTensorContent, content);
      if (!units.IsNull()) t.offset(kTensorUnits, units);
      if (!files.IsNull()) t.offset(kTensorFiles, files);
    });
  }

  AnyTable content_of(const TfliteTensorNote& note) {
    const bool picture = note.content != TfliteTensorNote::Content::features;
    AnyTable size;
    if (picture)
      size = write_table(builder_, [&](TableWriter& t) {
        t.scalar<uint32_t>(kImageWidth, note.width, 0);
        t.scalar<uint32_t>(kImageHeight, note.height, 0);
      });
    const AnyTable properties = write_table(builder_, [&](TableWriter& t) {
      if (!picture) return;
      t.scalar<int8_t>(kImageColours, note.content == TfliteTensorNote::Content::rgb ? kRgb : kGray, 0);
      t.offset(kImageSize, size);
    });
    return write_table(builder_, [&](TableWriter& t) {
      t.scalar<uint8_t>(kContentType, picture ? kImageProperties : kFeatureProperties, 0);
      t.offset(kContentProperties, properties);
    });
  }

  AnyTable normalization(const TfliteTensorNote& note) {
    const auto mean = builder_.CreateVector(note.mean), deviation = builder_.CreateVector(note.deviation);
    const AnyTable options = write_table(builder_, [&](TableWriter& t) {
      t.offset(kMean, mean);
      t.offset(kStd, deviation);
    });
    return write_table(builder_, [&](TableWriter& t) {
      t.scalar<uint8_t>(kUnitType, kNormalizationOptions, 0);
      t.offset(kUnitOptions, options);
    });
  }

  AnyTable labels(const std::string& file) {
    const auto name = builder_.CreateString(file);
    return write_table(builder_, [&](TableWriter& t) {
      t.offset(kFileName, name);
      t.scalar<int8_t>(kFileType, kAxisLabels, 0);
    });
  }

  flatbuffers::FlatBufferBuilder builder_;
};

}  // namespace

Result<TfliteMetadata> read_tflite_metadata(std::string_view entry) {
  if (entry.size() > kMostBytes)
    return damaged(format("it has {} bytes, at most {} are read", entry.size(), kMostBytes));
  if (entry.size() < 12 || entry.substr(4, 4) != "M001") return damaged("the identifier M001 is missing");
  // flatbuffers wants an aligned base.
  std::vector<uint64_t> aligned((entry.size() + 7) / 8);
  std::memcpy(aligned.data(), entry.data(), entry.size());
  const auto* bytes = reinterpret_cast<const uint8_t*>(aligned.data());
  flatbuffers::Verifier verifier(bytes, entry.size(), /*max_depth=*/64, /*max_tables=*/1'000'000'000);
  Damage damage;
  damage.verifier = &verifier;
  const auto root = flatbuffers::ReadScalar<flatbuffers::uoffset_t>(bytes);
  if (root == 0 || root >= entry.size() - 3) return damaged("the root table lies outside");
  const Table model(reinterpret_cast<const flatbuffers::Table*>(bytes + root), &damage);
  tflite::walk_tables(model, kModel, entry.size(), &damage);
  if (!damage.what.empty()) return damaged(damage.what);
  TfliteMetadata out;
  out.derived = model.string(kModelDescription).ends_with(kDerived);
  add_files(model.tables(kModelFiles), false, &out);
  const Tables subgraphs = model.tables(kModelSubgraphs);
  for (size_t s = 0; s < std::min(subgraphs.size(), kMost); ++s) {
    const Table subgraph = subgraphs[s];
    add_files(subgraph.tables(kSubgraphFiles), false, &out);
    const Tables inputs = subgraph.tables(kSubgraphInputs), outputs = subgraph.tables(kSubgraphOutputs);
    for (size_t i = 0; i < std::min(inputs.size(), kMost); ++i) {
      const Table tensor = inputs[i];
      add_files(tensor.tables(kTensorFiles), false, &out);
      if (s == 0 && i == 0) THIMBLE_TRY(add_normalization(tensor.tables(kTensorUnits), &out));
    }
    for (size_t i = 0; i < std::min(outputs.size(), kMost); ++i) {
      add_files(outputs[i].tables(kTensorFiles), s == 0 && i == 0, &out);
      if (s == 0) add_output(outputs[i], &out);
    }
  }
  if (!damage.what.empty()) return damaged(damage.what);
  return out;
}

std::string write_tflite_metadata(const TfliteNote& note) { return NoteWriter().run(note); }

bool has_derived_metadata(const Graph& graph) {
  const auto entry = graph.metadata.find(kTfliteMetadataKey);
  if (entry == graph.metadata.end()) return false;
  const auto said = read_tflite_metadata(entry->second);
  return said && said->derived;
}

void drop_derived_metadata(Graph& graph) {
  if (!has_derived_metadata(graph)) return;
  graph.metadata.erase(kTfliteMetadataKey);
  graph.attached = {};
}

}  // namespace thimble
