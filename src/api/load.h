// Model files to graphs: the one way in for the public interface and every command.
#pragma once

#include <string>

#include "formats/refusal.h"
#include "graph/known_input.h"
#include "ops/check.h"
#include "ops/custom/custom.h"

namespace thimble {

// The graph as the file says, checked; its constants may view the file.
struct LoadedModel : Checked {
  Data file;              // the whole file; kept alive by the graph as well
  std::string name;       // its path, or what it was called
  std::string signature;  // whose network it is, where that was asked for
};

// The bytes of a model's file, mapped ("-": the standard input). Errors: bad_file (missing, or a folder of another
// kind).
Result<Data> open_model_file(const std::string& path);
// The model in them; errors name it `name`. `signature`: whose network is meant, where the file holds several (empty:
// the usual one). Errors: also needs_value (its values decide shapes: api/model_runner.h runs it), usage (no such
// signature). `refused`: not null where reading goes on behind what is not supported (ReadOptions).
// `custom`: what a program brings along.
Result<LoadedModel> read_model_file(Data file, const std::string& name, const std::string& signature = {},
                                    Refusals* refused = nullptr, const CustomOperators* custom = nullptr);

// Maps and verifies a .tflite, .onnx or packed file, told apart by content ("-": the standard input). Errors: bad_file
// (missing, damaged), unsupported, needs_value; they name the file.
Result<LoadedModel> load_model(const std::string& path, const std::string& signature = {});
// The same for a file in memory, which is copied. `name` is what errors call it.
Result<LoadedModel> load_model_bytes(std::span<const uint8_t> bytes, const std::string& name);

// The same model with what is known of its inputs (graph/known_input.h): shapes, where only free dimensions may differ
// from the file's, and values. Errors: usage (what does not fit), and those of load_model.
Result<LoadedModel> with_known_inputs(const LoadedModel& model, std::span<const KnownInput> known);

}  // namespace thimble
