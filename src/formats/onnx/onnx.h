// .onnx files in and out.
#pragma once

#include <memory>
#include <string>

#include "formats/refusal.h"
#include "graph/known_input.h"
#include "ops/check.h"

namespace thimble {

// The newest opset of the domain ai.onnx that is read, and the oldest.
inline constexpr int64_t kOldestOpset = 7, kNewestOpset = 28;

struct OnnxReadOptions {
  std::string folder;           // where external data may lie; empty: nowhere
  Refusals* refused = nullptr;  // as ReadOptions (formats/model_file.h)
};

// Reads and verifies a model; constants view `bytes`, which `owner` keeps alive (null: everything is copied). Inputs
// and outputs keep the file's shapes, types and layout (NCHW stays so: operators in our layout stand between
// transpositions, which passes/sink_transposes.h takes away again). Functions are inlined; If, Loop and Scan are read
// as what they do for what is known; what follows from constants alone is computed. Quantisation by known scales is
// read as `quantize` and `dequantize` (passes/quantized/raise.h gives it ONNX's rounding, or integer operators).
// `known`: what is known of the inputs, one entry per input or none at all. Errors: bad_file (damaged), unsupported (an
// operator, type or cap), needs_value (a value decides shapes and is not known, or sizes that the file leaves free, of
// which nothing is known, do not go together as ones), usage (what is known does not fit the inputs).
Result<Checked> read_checked_onnx(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner = nullptr,
                                  std::span<const KnownInput> known = {}, const OnnxReadOptions& options = {});

// Inputs and outputs as the file declares them (sizes that it leaves free are 1), their names and the metadata, without
// a node. Errors: as above, of what is declared alone.
Result<Graph> read_onnx_edges(std::span<const uint8_t> bytes);

struct OnnxWriteOptions {
  int64_t opset = 17;
};

// The file: batch and other free sizes as named dimensions; integer layers between QuantizeLinear and DequantizeLinear;
// float16 weights as such, each with a Cast. Errors: unsupported (an operator that ONNX, or this opset, cannot
// express).
Result<std::vector<uint8_t>> write_onnx(const Graph& graph, const OnnxWriteOptions& options = {});
// Every reason why a sound graph is not written, one per node and not the first alone.
std::vector<Error> without_onnx(const Graph& graph, const OnnxWriteOptions& options = {});

}  // namespace thimble
