// What TFLITE_METADATA says about feeding a model and reading its answers: the flatbuffer that the metadata writers of
// TensorFlow's Task Library put into a .tflite, read, and written for models of our own. Source: metadata_schema.fbs of
// tflite-support, identifier M001.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "graph/graph.h"

namespace thimble {

inline constexpr const char* kTfliteMetadataKey = "TFLITE_METADATA";

// An output, as far as it says what its values are.
struct TfliteOutput {
  // How the four numbers of a box stand: left, top, right, bottom; left, top, width, height; centre x, y, width,
  // height.
  enum class Box { none, corners, upper_left, centre };
  std::string name;          // the metadata's own: "location", "category", "score" …
  std::string axis_labels;   // attached file whose lines name the entries of an axis; empty: none
  std::string value_labels;  // attached file whose line i names the value i; empty: none
  Box box = Box::none;
  std::vector<uint32_t> box_order;  // where each of the four numbers stands, a permutation of 0 … 3; empty: as above
  bool box_pixels = false;          // pixels of the input; else shares of it
  bool picture = false;             // ImageProperties: one entry per pixel
  std::optional<float> score_threshold;  // ScoreThresholdingOptions
};

struct TfliteMetadata {
  std::vector<float> mean, deviation;    // NormalizationOptions of the first input; empty: none
  std::string labels_file;               // TENSOR_AXIS_LABELS of the first output; empty: none
  std::vector<TfliteOutput> outputs;     // of the first subgraph, in its order
  std::vector<std::string> other_files;  // further files that the entry names, somewhere
  bool derived = false;                  // write_tflite_metadata made it
};

// Errors: bad_file for a damaged entry (tables outside it, deviations of 0, another identifier).
Result<TfliteMetadata> read_tflite_metadata(std::string_view entry);

// An input or output as write_tflite_metadata describes it.
struct TfliteTensorNote {
  enum class Content { features, rgb, gray };
  std::string name, description;
  Content content = Content::features;
  uint32_t width = 0, height = 0;      // of pictures
  std::vector<float> mean, deviation;  // (value - mean) / deviation, of the last dimension's entries or one for all
  std::string labels_file;             // attached to the model, a name for each value
};

struct TfliteNote {
  std::string name, description;
  std::vector<TfliteTensorNote> inputs, outputs;  // all of the graph's
};

// The entry: version "1.0", schema version 1.0.0 (nothing in it is newer). Its description ends in a sentence by which
// read_tflite_metadata knows it again.
std::string write_tflite_metadata(const TfliteNote& note);

// Whether the graph's entry is one that Thimble derived from its own metadata. A packed file does without it.
bool has_derived_metadata(const Graph& graph);

// Takes that entry and its attached files away.
void drop_derived_metadata(Graph& graph);

}  // namespace thimble
