// Model files to graphs: the one way in for the public interface and every command.
#pragma once

#include <string>

#include "graph/graph.h"

namespace thimble {

struct LoadedModel {
  Graph graph;  // as the file says; its constants may view the file
  Data file;    // the whole file; kept alive by the graph as well
};

// Maps and verifies a .tflite or packed file, told apart by content ("-": the standard input). Errors: bad_file
// (missing, damaged), unsupported; they name the file.
Result<LoadedModel> load_model(const std::string& path);
// The same for a file in memory, which is copied. `name` is what errors call it.
Result<LoadedModel> load_model_bytes(std::span<const uint8_t> bytes, const std::string& name);

}  // namespace thimble
