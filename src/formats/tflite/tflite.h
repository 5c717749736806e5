// .tflite files in and out.
#pragma once

#include <memory>
#include <string_view>

#include "formats/refusal.h"
#include "formats/stages.h"
#include "graph/known_input.h"
#include "ops/check.h"
#include "ops/custom/custom.h"

namespace thimble {

// Reads and verifies a model; the graph's constants view `bytes`, which `owner` keeps alive (null:
// everything is copied). Refusals name subgraph, operator and tensor. Subgraphs are read that the
// first one calls: branches whose condition is known, loops whose condition is known to hold, turn by turn. Tensors
// that nothing uses are left out. Shapes that the file leaves open follow from the inputs'; where one of these has free
// dimensions (-1), `known` (one entry per input; empty: nothing is known, and the file's placeholders stand) says them,
// and the values of inputs as well (graph/known_input.h). Errors: bad_file (damaged), unsupported (an operator or type
// Thimble lacks), needs_value (a value decides shapes and is not known), usage (what is known does not fit the inputs).
Result<Checked> read_checked_tflite(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner = nullptr,
                                    std::span<const KnownInput> known = {});
struct TfliteReadOptions {
  std::span<const KnownInput> known;
  std::string_view signature;   // whose subgraph is read; empty: the first subgraph
  Refusals* refused = nullptr;  // as ReadOptions (formats/model_file.h), as is the next
  const CustomOperators* custom = nullptr;
};
// Errors: also usage (there is no such signature).
Result<Checked> read_checked_tflite(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                                    const TfliteReadOptions& options);
// Reads the file for one run, which gives the values that decide shapes and which operators run (formats/stages.h).
// Every input has a shape in `known`, or one that the file fixes.
Result<StagedModel> read_staged_tflite(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                                       const TfliteReadOptions& options, RunTimeValues& values);
// Inputs, outputs, their names and metadata, without a node: what is known of a model before any of its values is.
Result<Graph> read_tflite_edges(std::span<const uint8_t> bytes, std::string_view signature = {});
// The graph alone.
Result<Graph> read_tflite(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner = nullptr,
                          std::span<const KnownInput> known = {});

struct TfliteWriteOptions {
  bool runtime_version = true;  // the metadata entry min_runtime_version, which no runtime reads to run a model
  bool description = true;      // "Thimble"
  // Weights with many zeros as sparse tensors where that is smaller (sparse_layout.h), each expanded by a DENSIFY.
  // TensorFlow Lite and LiteRT run that, with and without XNNPACK; TensorFlow Lite Micro does not.
  bool sparse = false;
};

// Whether the graph is all that its file held: what is `left_out` (further signatures, subgraphs) would be lost by
// writing. Errors: unsupported, naming it. Commands ask before they begin; writers ask as well.
Status refuse_losses(const Graph& graph);

// The file with names, versions, one signature (its own name or "serving_default"), min_runtime_version, metadata and
// attached files. Equal vectors
// (shapes, scales, zero points), quantisation tables, names and buffers are written once and shared; buffers are
// aligned to 16 bytes, as the format asks. Tensors without a name carry none.
Result<std::vector<uint8_t>> write_tflite(const Graph& graph, const TfliteWriteOptions& options = {});
// Every reason why a sound graph is not written, one per node and not the first alone.
std::vector<Error> without_tflite(const Graph& graph);

}  // namespace thimble
