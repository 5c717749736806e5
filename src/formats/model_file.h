// Model files of any kind that Thimble knows, told apart by their content on the way in and by the file's name on
// the way out. Everything that opens or writes a model goes through here.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "formats/refusal.h"
#include "formats/stages.h"
#include "graph/known_input.h"
#include "ops/check.h"
#include "ops/custom/custom.h"

namespace thimble {

// A .tflite, an .onnx or a packed file. Constants of a .tflite or .onnx view `bytes`, which `owner` keeps alive (null:
// everything is copied); those of a packed file are decoded. Errors as read_tflite and read_thim; where the bytes are
// something else that is known (formats/foreign_file.h, by `name` too), it is named, with how a .tflite is made of it.
// External data of an .onnx is read where `name` is the path of a file.
// `known`: what is known of the inputs, one entry per input or none at all (graph/known_input.h); a packed file has no
// free dimensions. Errors: also needs_value (an operator asks for a value that only the run knows: the message names
// the operand), usage (what is known does not fit).
Result<Checked> read_model(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner = nullptr,
                           std::string_view name = {}, std::span<const KnownInput> known = {});

struct ReadOptions {
  std::span<const KnownInput> known;
  std::string_view signature;  // whose network is meant, where a file holds several; empty: the usual one
  // Not null: operators and tensors that are not supported, or whose values only the run knows, are put there and
  // reading goes on: what they read is an output of the graph, and what they would give an input, of the type and shape
  // that the file declares.
  // A packed file holds no such operators.
  Refusals* refused = nullptr;
  // What a program brings along, of .tflite files; before what Thimble has of the same name.
  const CustomOperators* custom = nullptr;
};
// Errors: also usage (there is no such signature).
Result<Checked> read_model(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner, std::string_view name,
                           const ReadOptions& options);
// Reads a model for one run, which gives the values that operators ask for (formats/stages.h).
Result<StagedModel> read_staged_model(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                                      std::string_view name, const ReadOptions& options, RunTimeValues& values);
// Inputs and outputs as the file declares them, their names and metadata, without a node: what is known of a model
// before its values are.
Result<Graph> read_model_edges(std::span<const uint8_t> bytes, std::string_view name = {},
                               std::string_view signature = {});

// The operators that reading this file and running `graph`, which was read from it, takes, in the order of ops.def.
// Errors as list_tflite.
Result<std::vector<Op>> operators_needed(std::span<const uint8_t> file, const Graph& graph);

// Whether the bytes begin as a .tflite does.
bool is_tflite(std::span<const uint8_t> bytes);

// Whether they are an ONNX model by their first bytes, or, where these are no other model's, by the file's name.
bool is_onnx(std::span<const uint8_t> bytes, std::string_view name = {});
// Whether the name ends in .onnx.
bool is_onnx_name(std::string_view path);

// The bytes of a file of this name: packed where it ends in .thim (without names of tensors), .onnx, else
// .tflite.
Result<std::vector<uint8_t>> write_model(const Graph& graph, std::string_view path);

// Whether the name ends in .thim.
bool is_packed_name(std::string_view path);

}  // namespace thimble
