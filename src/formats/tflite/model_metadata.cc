#include "formats/tflite/model_metadata.h"

#include <cmath>
#include <cstring>

#include "formats/tflite/walk.h"

namespace thimble {
namespace {

using tflite::Damage;
using tflite::Field;
using tflite::Kind;
using tflite::Layout;
using tflite::Table;
using tflite::Tables;

// Field ids of the schema's tables.
enum Model { kModelSubgraphs = 3, kModelFiles = 6 };
enum Subgraph { kSubgraphInputs = 2, kSubgraphOutputs = 3, kSubgraphFiles = 4 };
enum TensorField { kTensorUnits = 4, kTensorFiles = 6 };
enum Unit { kUnitType, kUnitOptions };
enum Normalization { kMean, kStd };
enum File { kFileName, kFileType = 2 };
constexpr int kNormalizationOptions = 1, kAxisLabels = 2;
constexpr size_t kMost = 1000;

constexpr Field kFileFields[] = {{kFileName, Kind::text}, {kFileType, Kind::i8}};
constexpr Layout kFile{kFileFields};
constexpr Field kUnitFields[] = {{kUnitType, Kind::options}};
constexpr Layout kUnit{kUnitFields};
constexpr Field kTensorFields[] = {{kTensorUnits, Kind::tables, &kUnit}, {kTensorFiles, Kind::tables, &kFile}};
constexpr Layout kTensor{kTensorFields};
constexpr Field kSubgraphFields[] = {{kSubgraphInputs, Kind::tables, &kTensor},
                                     {kSubgraphOutputs, Kind::tables, &kTensor},
                                     {kSubgraphFiles, Kind::tables, &kFile}};
constexpr Layout kSubgraph{kSubgraphFields};
constexpr Field kModelFields[] = {{kModelSubgraphs, Kind::tables, &kSubgraph}, {kModelFiles, Kind::tables, &kFile}};
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

}  // namespace

Result<TfliteMetadata> read_tflite_metadata(std::string_view entry) {
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
    for (size_t i = 0; i < std::min(outputs.size(), kMost); ++i)
      add_files(outputs[i].tables(kTensorFiles), s == 0 && i == 0, &out);
  }
  if (!damage.what.empty()) return damaged(damage.what);
  return out;
}

}  // namespace thimble
