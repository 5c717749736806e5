// What TFLITE_METADATA says about feeding a model: the flatbuffer that the metadata writers of TensorFlow's Task
// Library put into a .tflite. Source: metadata_schema.fbs of tflite-support, identifier M001.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thimble {

inline constexpr const char* kTfliteMetadataKey = "TFLITE_METADATA";

struct TfliteMetadata {
  std::vector<float> mean, deviation;    // NormalizationOptions of the first input; empty: none
  std::string labels_file;               // TENSOR_AXIS_LABELS of the first output; empty: none
  std::vector<std::string> other_files;  // further files that the entry names, somewhere
};

// Errors: bad_file for a damaged entry (tables outside it, deviations of 0, another identifier).
Result<TfliteMetadata> read_tflite_metadata(std::string_view entry);

}  // namespace thimble
